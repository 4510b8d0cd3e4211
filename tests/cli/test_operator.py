"""The operator's threads, watched over from inside."""

import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from sfn_rollouts.app import Operator, Site
from sfn_rollouts.aws.connection import connect as connect_aws
from sfn_rollouts.clock import SteadyClock
from sfn_rollouts.config import Settings
from sfn_rollouts.kube.connection import connect
from sfn_rollouts.metrics import PrometheusMeter
from sfn_rollouts.start import Exit, Patience
from tests.cli.conftest import KEYS


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # it is what is tested
def test_a_thread_that_dies_ends_the_process(
    operator_kubeconfig: Path, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    clock, meter, stopping = SteadyClock(), PrometheusMeter(), threading.Event()
    settings = Settings(namespaces=(namespace,), health_port=0)
    with closing(connect(str(operator_kubeconfig))) as connection:
        operator = Operator(Site(settings, clock, meter, connection, connect_aws(clock, meter, 1), namespace))
        assert operator.readiness_problems() == ["the resources have not been listed yet"]
        operator._loop.post(sys.exit)  # ends a thread without a word, as nothing in the engine should

        code = operator.run(Patience(clock, 10, stopping), stopping)

        assert code is Exit.CRASHED
        assert operator.liveness_problems() == ["the thread of the engine has ended"]
        assert operator.readiness_problems() == []
        operator.stop()
