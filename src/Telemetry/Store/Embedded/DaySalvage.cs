using Microsoft.Data.Sqlite;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

internal sealed record SalvagedSeries(long First, long Crc, byte[] Data);

internal sealed record SalvagedChunk(ChunkRow Row, byte[] Data);

/// <summary>Reads what is whole of a damaged day file: each row on its own, from both ends, so that one bad page costs what is in it.</summary>
/// <remarks>Rows may come twice. Whatever SQLite says about the file ends a pass and is no error: it is known to be damaged.</remarks>
internal sealed class DaySalvage : IDisposable
{
    /// <summary>Far above what a day holds, so that a number that was damaged does not fill memory.</summary>
    private const int MostParts = 1 << 16;

    private readonly SqliteConnection connection;

    public DaySalvage(string path)
    {
        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        Try(() =>
        {
            connection.Open();
            return true;
        });
        Checkpoint = Rows("SELECT segment, series, rows, digest, crc FROM checkpoint ORDER BY rowid", static row =>
            Crc32C.Of([], [row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3)]) == row.GetInt64(4) ? (object)row.GetInt64(0) : null)
            .OfType<long>().FirstOrDefault();
    }

    /// <summary>The last segment that is in the file; 0 when that is lost.</summary>
    public long Checkpoint { get; }

    public IEnumerable<SalvagedSeries> Series() => Rows("SELECT first, crc, data FROM series ORDER BY first", static row =>
    {
        var series = new SalvagedSeries(row.GetInt64(0), row.GetInt64(1), row.GetFieldValue<byte[]>(2));
        return Crc32C.Of(series.Data, [series.First]) == series.Crc ? series : null;
    });

    public IEnumerable<SalvagedChunk> Chunks() => Rows("SELECT id, part, first, last, samples, series, crc, data FROM chunks ORDER BY id", static row =>
    {
        var chunk = new SalvagedChunk(ChunkRow.Read(row), row.GetFieldValue<byte[]>(7));
        return chunk.Row.Part is >= 0 and < MostParts && chunk.Row.Fits(chunk.Data) ? chunk : null;
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
        catch (Exception e) when (e is SqliteException or InvalidOperationException or InvalidCastException or OverflowException)
        {
            return default; // damaged here; the next row, or the pass from the other end, may not be
        }
    }
}
