# Built for linux/amd64 and linux/arm64 by .github/workflows/release.yaml; at home: make image.
# The digest is that of 3.13.15-slim-trixie, for both platforms; renew tag and digest together.
ARG BASE=docker.io/library/python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv --without-pip /opt/sfn-rollouts
WORKDIR /src
# Dependencies before the source: a change of code then reuses this layer.
COPY requirements/runtime.txt requirements/runtime.txt
# Compiled by the content of the source, not by its time: two builds of one commit are the same.
RUN pip --python /opt/sfn-rollouts/bin/python install --no-compile --require-hashes --only-binary=:all: -r requirements/runtime.txt \
 && /opt/sfn-rollouts/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/sfn-rollouts/lib
# The package is plain Python: copied beside its dependencies, it needs no build backend, and so no unpinned download.
COPY operator/sfn_rollouts operator/sfn_rollouts
RUN LIBRARIES="$(/opt/sfn-rollouts/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
 && cp -R operator/sfn_rollouts "$LIBRARIES/" \
 && /opt/sfn-rollouts/bin/python -m compileall -q --invalidation-mode unchecked-hash "$LIBRARIES/sfn_rollouts"

FROM ${BASE}
ARG VERSION=0.0.0-dev
ARG REVISION=unknown
ARG SOURCE=https://github.com/sfn-rollouts/sfn-rollouts
LABEL org.opencontainers.image.title="sfn-rollouts" \
      org.opencontainers.image.description="Kubernetes operator for progressive delivery of AWS Step Functions" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.documentation="${SOURCE}/blob/main/README.md"
# Nothing installs anything in a running container.
RUN python -m pip uninstall --quiet --yes --root-user-action=ignore pip
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/opt/sfn-rollouts/bin:$PATH
COPY --from=build /opt/sfn-rollouts /opt/sfn-rollouts
# Files belong to root, so that the operator cannot change itself. Its root file system may be read-only, but for /tmp.
USER 65532:65532
EXPOSE 8080
# For plain docker; Kubernetes has probes of its own and passes this over.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["/opt/sfn-rollouts/bin/python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ.get('SFN_ROLLOUTS_HEALTH_PORT', '8080')}/livez\", timeout=4)"]
ENTRYPOINT ["/opt/sfn-rollouts/bin/python", "-m", "sfn_rollouts"]
CMD ["run"]
