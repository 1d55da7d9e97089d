using Microsoft.Data.Sqlite;

namespace NetPulse.Telemetry.Store.Embedded;

internal sealed record SalvagedSeries(long Id, byte[] Labels, long Crc);

internal sealed record SalvagedChunk(long Row, long Series, long Segment, long First, long Last, long Samples, byte[] Data, long Crc);

/// <summary>Reads what is whole of a damaged day file: each row on its own, from both ends, so that one bad page costs what is in it.</summary>
/// <remarks>Rows may come twice. Whatever SQLite says about the file ends a pass and is no error: it is known to be damaged.</remarks>
internal sealed class DaySalvage : IDisposable
{
    private readonly RowChecksum checksum = new();
    private readonly SqliteConnection connection;

    public DaySalvage(string path)
    {
        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        Try(() =>
        {
            connection.Open();
            return true;
        });
    }

    public IEnumerable<SalvagedSeries> Series() => Rows("SELECT id, labels, crc FROM series ORDER BY id", row =>
    {
        var series = new SalvagedSeries(row.GetInt64(0), row.GetFieldValue<byte[]>(1), row.GetInt64(2));
        return checksum.Of(series.Labels, series.Id) == series.Crc ? series : null;
    });

    public IEnumerable<SalvagedChunk> Chunks() => Rows("SELECT rowid, series, segment, first, last, samples, data, crc FROM chunks ORDER BY rowid", row =>
    {
        var chunk = new SalvagedChunk(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5),
            row.GetFieldValue<byte[]>(6), row.GetInt64(7));
        return checksum.Of(chunk.Data, chunk.Series, chunk.Segment, chunk.First, chunk.Last, chunk.Samples) == chunk.Crc ? chunk : null;
    });

    public void Dispose() => connection.Dispose();

    private IEnumerable<T> Rows<T>(string sql, Func<SqliteDataReader, T?> whole)
        where T : class
    {
        foreach (var direction in (string[])[" ASC", " DESC"])
        {
            using var select = connection.CreateCommand();
#pragma warning disable CA2100, S2077 // constants of this file
            select.CommandText = sql + direction;
#pragma warning restore CA2100, S2077
            using var row = Try(select.ExecuteReader);
            while (row is not null && Try(row.Read))
            {
                if (Try(() => whole(row)) is { } found)
                {
                    yield return found;
                }
            }
        }
    }

    private static T? Try<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is SqliteException or InvalidOperationException or InvalidCastException)
        {
            return default; // damaged here; the next row, or the pass from the other end, may not be
        }
    }
}
