# Compiles Carillon, then leaves out everything that running it doesn't need.
FROM node:20-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY bin/ensure.mjs bin/bundle.mjs bin/
COPY tsconfig.json tsconfig.build.json ./
COPY bench bench
COPY src src
COPY actors actors
RUN node bin/ensure.mjs \
 && npm prune --omit=dev --no-audit --no-fund \
 && mkdir data

FROM node:20-slim
ENV NODE_ENV=production
WORKDIR /carillon
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY bin/container.sh bin/
COPY --from=build --chown=node:node /build/data /data
USER node
VOLUME /data
# HTTP API, gossip, links between nodes.
EXPOSE 8080 8946/tcp 8946/udp 6868
ENV CARILLON_DATA_DIR=/data CARILLON_HTTP_ADDR=:8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# `docker stop` waits 10 s before it kills: raise its --time, or set a --drain-timeout that is shorter.
ENTRYPOINT ["bin/container.sh"]
CMD ["agent", "--server", "--bootstrap-expect=1"]
