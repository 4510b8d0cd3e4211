# syntax=docker/dockerfile:1
# The release workflow passes the base image with its digest (--build-arg BASE=...@sha256:...); the tag is for building at home.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/sfn-rollouts
WORKDIR /src
# Dependencies before the source: a change of code then reuses this layer.
COPY requirements/runtime.txt requirements/
RUN /opt/sfn-rollouts/bin/pip install --require-hashes --only-binary=:all: -r requirements/runtime.txt
# The package is plain Python: copied beside its dependencies, it needs no build backend, and so no unpinned download.
COPY operator/sfn_rollouts operator/sfn_rollouts
RUN cp -r operator/sfn_rollouts "$(/opt/sfn-rollouts/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
 && /opt/sfn-rollouts/bin/python -m compileall -q /opt/sfn-rollouts \
 && rm -rf /opt/sfn-rollouts/bin/pip* "$(/opt/sfn-rollouts/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"/pip*

FROM ${BASE}
LABEL org.opencontainers.image.title="sfn-rollouts" \
      org.opencontainers.image.description="Kubernetes operator for progressive delivery of AWS Step Functions" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/opt/sfn-rollouts/bin:$PATH
COPY --from=build /opt/sfn-rollouts /opt/sfn-rollouts
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/opt/sfn-rollouts/bin/python", "-m", "sfn_rollouts"]
CMD ["run"]
