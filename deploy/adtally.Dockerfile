# "adtally cluster render kubernetes" writes this file; change that, not this. From the root of the repository:
# docker build -f deploy/adtally.Dockerfile -t adtally/adtally:0.1.0 .
FROM node:26-slim
WORKDIR /opt/adtally
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY src src
RUN ln -s /opt/adtally/src/cli/launcher.js /usr/local/bin/adtally
USER node
ENTRYPOINT ["adtally"]
