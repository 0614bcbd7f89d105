FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY monitor monitor
COPY config config
RUN python -m venv /opt/balkan-monitor && /opt/balkan-monitor/bin/pip install --no-cache-dir .

FROM python:3.13-slim
# The numbers are fixed: a mounted configuration folder is given to them, see docs/operations.md.
RUN groupadd --system --gid 10001 monitor && \
    useradd --system --uid 10001 --gid 10001 --create-home --home-dir /var/lib/balkan-monitor monitor
COPY --from=build /opt/balkan-monitor /opt/balkan-monitor
ENV PATH=/opt/balkan-monitor/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    XDG_STATE_HOME=/var/lib/balkan-monitor \
    XDG_CONFIG_HOME=/etc
USER monitor
WORKDIR /var/lib/balkan-monitor
VOLUME /var/lib/balkan-monitor
STOPSIGNAL SIGTERM
# The daemon is healthy while it ticks: `health` reads the time of the last tick from the store.
HEALTHCHECK --interval=60s --timeout=10s --start-period=60s CMD ["balkan-monitor", "health"]
ENTRYPOINT ["balkan-monitor"]
CMD ["run", "--log-json"]
