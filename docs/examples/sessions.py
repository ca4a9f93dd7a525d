"""Plots a day of sessions: peers by client, those that came and left, how long they stayed, and how much
later than the first the peers of each autonomous system announced a transaction. Prints the delays.

    python sessions.py STORE.duckdb | FOLDER-OF-PARQUET-FILES  [OUT.png]

Needs the packages duckdb and matplotlib.
"""

import sys
from pathlib import Path

import duckdb
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

MOST_SHOWN = 10
LEAST_ARRIVALS = 20

# Sessions begin before their points, which have the time of their end.
SESSIONS = """
    CREATE TEMP TABLE sessions AS
    SELECT time::TIMESTAMP - to_seconds(duration) AS began, time::TIMESTAMP AS ended, duration, reason,
        coalesce(user_agent, 'no version') AS client
    FROM peer_sessions WHERE is_established
"""

# The peers at each quarter of an hour, by client.
CONNECTED = """
    WITH moments AS (
        SELECT unnest(generate_series(
            (SELECT min(began) FROM sessions), (SELECT max(ended) FROM sessions), INTERVAL 15 MINUTE)) AS moment
    )
    SELECT client, list(peers ORDER BY moment), list(moment ORDER BY moment) FROM (
        SELECT moment, client, count(*) FILTER (began <= moment AND moment < ended) AS peers
        FROM moments, sessions GROUP BY ALL
    ) GROUP BY client ORDER BY max(peers) DESC
"""

CHURN = """
    SELECT hour, sum(came), sum(went) FROM (
        SELECT time_bucket(INTERVAL 1 HOUR, began) AS hour, 1 AS came, 0 AS went FROM sessions
        UNION ALL
        SELECT time_bucket(INTERVAL 1 HOUR, ended), 0, 1 FROM sessions WHERE reason != 'stopped'
    ) GROUP BY hour ORDER BY hour
"""

DELAYS = f"""
    SELECT 'AS' || asn, median(delay), quantile_cont(delay, 0.9), count(*), count(DISTINCT address)
    FROM arrivals WHERE kind = 'tx' AND asn IS NOT NULL
    GROUP BY asn HAVING count(*) >= {LEAST_ARRIVALS} ORDER BY count(*) DESC LIMIT {MOST_SHOWN}
"""


NO_ARRIVALS = "SELECT 0.0 AS delay, 0 AS asn, '' AS address, '' AS kind WHERE false"


def without_sessions(source: Path) -> str:
    return f"{source} has no session that has ended: a session gets its point when its connection ends"


def tables(source: Path) -> duckdb.DuckDBPyConnection:
    """A connection with the tables peer_sessions and arrivals."""
    connection = duckdb.connect()
    if source.is_dir():
        for name in ("peer_sessions", "arrivals"):
            if not any(source.glob(f"{name}/*.parquet")):
                sys.exit(
                    f"{source} has no file {name}/*.parquet; "
                    "btcdmon-node --join --arrivals --export parquet:DIR writes them"
                )
            files = f"'{source}/{name}/*.parquet'"
            connection.execute(f"CREATE VIEW {name} AS FROM read_parquet({files}, union_by_name = true)")
        return connection
    if not source.exists():
        sys.exit(f"{source} does not exist; name a store of --export duckdb: or a folder of --export parquet:")
    try:
        connection.execute(f"ATTACH '{source}' AS store (READ_ONLY)")
    except duckdb.IOException as error:
        if "lock" not in str(error):
            sys.exit(f"{source} can't be opened: {str(error).splitlines()[0]}")
        sys.exit(f"{source} is in use; copy it with: btcdmon-node backup COPY.duckdb --store duckdb:{source}")
    # A store has the table of a series from its first point on.
    stored = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if "peer_sessions" not in stored:
        sys.exit(without_sessions(source))
    connection.execute("CREATE VIEW peer_sessions AS FROM store.peer_sessions")
    connection.execute(f"CREATE VIEW arrivals AS {'FROM store.arrivals' if 'arrivals' in stored else NO_ARRIVALS}")
    return connection


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    source = Path(sys.argv[1])
    connection = tables(source)
    try:
        connection.execute(SESSIONS)
        durations = connection.execute("SELECT client, duration / 3600 FROM sessions").fetchall()
        connected = connection.execute(CONNECTED).fetchall() if durations else []
        churn = connection.execute(CHURN).fetchall()
        delays = connection.execute(DELAYS).fetchall()
    except duckdb.Error as error:
        sys.exit(f"{source} can't be read: {str(error).splitlines()[0]}")
    if not durations:
        sys.exit(without_sessions(source))
    figure, ((by_client, by_hour), (stays, by_system)) = plt.subplots(2, 2, figsize=(11, 7), layout="constrained")
    shown = connected[:MOST_SHOWN]
    by_client.stackplot(shown[0][2], *[peers for _, peers, _ in shown], labels=[client for client, _, _ in shown])
    by_client.set(title="connected peers by client", ylabel="peers")
    by_client.legend(loc="lower left", fontsize="small")
    hours = [hour for hour, _, _ in churn]
    by_hour.step(hours, [came for _, came, _ in churn], where="post", label="came")
    by_hour.step(hours, [went for _, _, went in churn], where="post", label="left")
    by_hour.set(title="churn by hour", ylabel="peers", ylim=(0, None))
    by_hour.legend()
    for client, _, _ in shown:
        stays.ecdf([hours for name, hours in durations if name == client], label=client)
    stays.set(title="how long sessions lasted", xlabel="hours", ylabel="share of sessions")
    stays.grid(alpha=0.3)
    by_system.set(title="announcements after the first, by autonomous system", xlabel="seconds (median, to p90)")
    if delays:
        # The largest system on top.
        rows = list(reversed(delays))
        names = [name for name, *_ in rows]
        medians = [row[1] / 1000 for row in rows]
        rest = [(row[2] - row[1]) / 1000 for row in rows]
        by_system.barh(names, medians)
        by_system.errorbar(medians, names, xerr=[[0] * len(rest), rest], fmt="none", color="black", linewidth=1)
    else:
        by_system.text(0.5, 0.5, "needs --arrivals and --asmap", ha="center", transform=by_system.transAxes)
    for axes in (by_client, by_hour):
        axes.tick_params(axis="x", rotation=30)
    for name, median, p90, arrivals, peers in delays:
        print(f"{name}: median {median:.0f} ms, p90 {p90:.0f} ms, {arrivals} announcements of {peers} peers")
    out = sys.argv[2] if len(sys.argv) > 2 else "sessions.png"
    figure.savefig(out, dpi=120)
    print(out)


if __name__ == "__main__":
    main()
