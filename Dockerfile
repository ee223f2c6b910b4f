# All services and the command line in one image: the first argument is the role (image/entrypoint, docs/image.md).
# Builds with Docker and buildah, and needs no network but npm's registry.

FROM node:24-slim AS dependencies
WORKDIR /app
# The manifests alone, so that a change of the sources does not install anew.
COPY package.json package-lock.json .npmrc ./
COPY packages/core/package.json packages/core/
COPY packages/measure/package.json packages/measure/
COPY packages/queue/package.json packages/queue/
COPY packages/sdk/package.json packages/sdk/
COPY packages/supervision/package.json packages/supervision/
COPY packages/telemetry/package.json packages/telemetry/
COPY packages/workload/package.json packages/workload/
COPY services/producer/package.json services/producer/
COPY services/supervisor/package.json services/supervisor/
COPY services/worker/package.json services/worker/
COPY handlers/package.json handlers/
COPY local/package.json local/
COPY cli/package.json cli/
COPY bench/package.json bench/
COPY loadtests/package.json loadtests/
RUN npm ci --omit=dev --ignore-scripts

FROM dependencies AS build
# Scripts stay off: they would fetch a Node of its own, which the sources need and the compiled code does not.
RUN npm ci --ignore-scripts
COPY . .
RUN node image/build.mjs

FROM node:24-slim
LABEL org.opencontainers.image.title="Millrace" \
  org.opencontainers.image.description="A job-queue platform on BullMQ and Redis/Valkey" \
  org.opencontainers.image.licenses="Apache-2.0"
# The one folder that is written to: the root file system may be read-only.
ENV NODE_ENV=production \
  NODE_COMPILE_CACHE=/tmp/millrace/compiled
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist ./
# In a shell of the container, `millrace status` and all other verbs.
RUN ln -s /app/image/entrypoint /usr/local/bin/millrace
USER 1000:1000
EXPOSE 8080 9464 9470
ENTRYPOINT ["/app/image/entrypoint"]
