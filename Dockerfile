# qkron with everything it needs, its private PostgreSQL included:
#   docker build -t qkron .
#   docker run -p 127.0.0.1:8000:8000 -v qkron:/var/lib/qkron qkron

FROM swift:6.3-bookworm AS build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libcrypt-dev libpq-dev libssl-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# Apart from the sources, so that a change of ours does not fetch the packages again.
COPY Package.swift ./
RUN swift package resolve
COPY . .
RUN swift build -c release --static-swift-stdlib --product qkron \
    && install -D --strip --mode 0711 "$(swift build -c release --static-swift-stdlib --show-bin-path)/qkron" /out/qkron

# The files of Swagger UI and ReDoc, for /docs and /redoc.
FROM debian:bookworm-slim AS docs
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3-pip \
    && rm -rf /var/lib/apt/lists/*
COPY deploy/docs-assets /src
RUN /src/install /out

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="qkron" \
      org.opencontainers.image.description="Runs commands on schedules and remembers what happened" \
      org.opencontainers.image.licenses="MIT"
# Debian would set up a cluster of its own with the package; qkron makes its private one.
# Commands run as the user of the server here. A program that this user may not read is undumpable, so that no command
# finds the secrets in the environment of tini or of a health check; qkron makes itself undumpable.
# hadolint ignore=DL3008
RUN mkdir -p /etc/postgresql-common/createcluster.d \
    && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/qkron.conf \
    && apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates curl libcrypt1 libpq5 libssl3 libstdc++6 postgresql tini tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && dpkg-statoverride --update --add root root 0711 /usr/bin/curl \
    && dpkg-statoverride --update --add root root 0711 /usr/bin/tini \
    && groupadd --system -K SYS_GID_MAX=10001 --gid 10001 qkron \
    && useradd --system -K SYS_UID_MAX=10001 --uid 10001 --gid qkron \
        --home-dir /var/lib/qkron --shell /usr/sbin/nologin qkron \
    && install -d -o qkron -g qkron -m 0700 /var/lib/qkron
COPY --from=docs /out /usr/share/qkron/docs
COPY --from=build /out/qkron /usr/local/bin/qkron
# A shared library that is missing fails the build and not the start.
RUN qkron version

ENV QKRON_HOST=0.0.0.0 \
    QKRON_PORT=8000 \
    QKRON_DATA_DIR=/var/lib/qkron
# By number, or Kubernetes could not tell that it is not root.
USER 10001:10001
WORKDIR /var/lib/qkron
VOLUME /var/lib/qkron
EXPOSE 8000
# A first start makes a database cluster and migrates it, hence the start period. No shell, whose environment could be
# read: whoever sets another QKRON_PORT, or QKRON_TLS_CERT, brings another health check, in this form.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--show-error", "--max-time", "4", "http://127.0.0.1:8000/ready"]
ENTRYPOINT ["/usr/bin/tini", "--", "qkron"]
CMD ["serve"]
