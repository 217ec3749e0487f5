# syntax=docker/dockerfile:1
# One build of every binary, one small image for each: docker build --target task-service .

ARG RUST_IMAGE=rust:1.95-slim-bookworm
# The same Debian as the build image's, so that the C library fits.
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${RUST_IMAGE} AS build
WORKDIR /src
COPY . .
# The target folder is a cache mount and not part of the image, so the binaries are copied out of it.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked \
        --package gateway --package flow-service --package task-service --package sync-service \
        --package sso-service --package notify-service --package aiflow-admin --package standalone \
    && mkdir /out \
    && for binary in gateway flow-service task-service sync-service sso-service notify-service aiflow-admin standalone; do \
        cp "target/release/$binary" /out/ || exit 1; \
    done

# curl is what the health checks of docker-compose.yml ask with.
FROM ${RUNTIME_IMAGE} AS runtime
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /var/lib/aiflow --shell /usr/sbin/nologin aiflow
WORKDIR /var/lib/aiflow
USER aiflow

FROM runtime AS gateway
COPY --from=build /out/gateway /usr/local/bin/
EXPOSE 7020 7019
ENTRYPOINT ["gateway"]

FROM runtime AS flow-service
COPY --from=build /out/flow-service /usr/local/bin/
EXPOSE 7021
ENTRYPOINT ["flow-service"]

FROM runtime AS task-service
COPY --from=build /out/task-service /usr/local/bin/
EXPOSE 7022
ENTRYPOINT ["task-service"]

FROM runtime AS sync-service
COPY --from=build /out/sync-service /usr/local/bin/
EXPOSE 7023
ENTRYPOINT ["sync-service"]

FROM runtime AS sso-service
COPY --from=build /out/sso-service /usr/local/bin/
EXPOSE 7024
ENTRYPOINT ["sso-service"]

FROM runtime AS notify-service
COPY --from=build /out/notify-service /usr/local/bin/
EXPOSE 7025
ENTRYPOINT ["notify-service"]

FROM runtime AS aiflow-admin
COPY --from=build /out/aiflow-admin /usr/local/bin/
ENTRYPOINT ["aiflow-admin"]

# All six in one process, for a PostgreSQL of yours (AIFLOW__DATABASE__URL): the image has none. The
# services behind the door listen on loopback, so the command line comes along.
FROM runtime AS standalone
COPY --from=build /out/standalone /out/aiflow-admin /usr/local/bin/
ENV AIFLOW_GATEWAY__HTTP__ADDRESS=0.0.0.0:7020
# Holds .aiflow/keys.toml: without it no stored secret can be read again.
VOLUME /var/lib/aiflow
EXPOSE 7020
ENTRYPOINT ["standalone"]
