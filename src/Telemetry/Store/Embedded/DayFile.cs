using Microsoft.Data.Sqlite;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>One day's chunks in a SQLite file, with the number of the last log segment that is in it.</summary>
/// <remarks>
/// SQLite keeps its pages consistent but does not notice a flipped bit in their content, so each row has a CRC-32C of its own.
/// Every method throws <see cref="InvalidDataException"/> when the file is damaged, and <see cref="SampleStoreException"/> when the disk refuses.
/// Safe for use by several threads; a closed file holds nothing.
/// </remarks>
internal sealed class DayFile : IDisposable
{
    public const string JournalExtension = "-journal";
    public const string UnfinishedExtension = ".new";

    /// <summary>Most samples in a chunk, so that a read does not decode a day for a minute.</summary>
    private const int ChunkSamples = 2048;

    private const int FormatVersion = 1;

    private const string Schema = """
        CREATE TABLE series (id INTEGER PRIMARY KEY, labels BLOB NOT NULL, crc INTEGER NOT NULL) STRICT;
        CREATE TABLE chunks (series INTEGER NOT NULL, segment INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
                             samples INTEGER NOT NULL, data BLOB NOT NULL, crc INTEGER NOT NULL) STRICT;
        CREATE INDEX chunks_by_series ON chunks (series, first);
        CREATE TABLE checkpoint (segment INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT;
        PRAGMA user_version = 1;
        """;

    private readonly Lock gate = new();
    private readonly SqliteConnection connection;
    private readonly WireWriter checkedBytes = new();
    private readonly WireWriter encoded = new();
    private LabelIndex? index;
    private bool closed;

    private DayFile(string path)
    {
        Path = path;
        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
    }

    public string Path { get; }

    /// <summary>Number of the newest segment whose samples of this day are all in the file; 0 before the first.</summary>
    public long Checkpoint { get; private set; }

    /// <summary>Makes the file under another name first, so that one with the day's name is never half made.</summary>
    public static DayFile Create(string path)
    {
        var unfinished = path + UnfinishedExtension;
        try
        {
            File.Delete(unfinished);
            File.WriteAllBytes(unfinished, []);
            using (var file = new DayFile(unfinished))
            {
                file.Guarded(() =>
                {
                    file.Connect();
                    using var transaction = file.connection.BeginTransaction();
                    file.Execute(Schema);
                    file.Execute("INSERT INTO checkpoint VALUES (0, $crc)", ("$crc", file.Checksum([], 0)));
                    transaction.Commit();
                });
            }

            File.Move(unfinished, path);
            StoreDirectory.Persist(System.IO.Path.GetDirectoryName(path)!);
        }
        catch (IOException e) when (e is not SampleStoreException)
        {
            throw DiskError.Of($"Make {path}", e);
        }

        return Open(path);
    }

    public static DayFile Open(string path)
    {
        var file = new DayFile(path);
        try
        {
            file.Guarded(file.ReadCheckpoint);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Adds the samples and moves the checkpoint to <paramref name="segment"/>: both or neither.</summary>
    public void Write(long segment, IReadOnlyList<TimeSeries> series) => Guarded(() =>
    {
        var known = LoadIndex();
        var ids = new Dictionary<LabelSet, int>();
        for (var id = 0; id < known.Count; id++)
        {
            ids[known[id]] = id;
        }

        var added = new List<LabelSet>();
        using var transaction = connection.BeginTransaction();
        using var insertChunk = Command("INSERT INTO chunks VALUES ($series, $segment, $first, $last, $samples, $data, $crc)");
        using var insertSeries = Command("INSERT INTO series VALUES ($id, $labels, $crc)");
        foreach (var one in series)
        {
            if (!ids.TryGetValue(one.Labels, out var id))
            {
                id = known.Count + added.Count;
                added.Add(one.Labels);
                ids.Add(one.Labels, id);
                encoded.Clear();
                LabelSetCodec.Write(encoded, one.Labels);
                Run(insertSeries, ("$id", id), ("$labels", encoded.Written.ToArray()), ("$crc", Checksum(encoded.Written, id)));
            }

            for (var start = 0; start < one.Count; start += ChunkSamples)
            {
                var length = Math.Min(ChunkSamples, one.Count - start);
                var times = one.UnixMilliseconds.Span.Slice(start, length);
                encoded.Clear();
                ChunkCodec.Encode(encoded, times, one.Values.Span.Slice(start, length));
                Run(insertChunk, ("$series", id), ("$segment", segment), ("$first", times[0]), ("$last", times[^1]), ("$samples", length),
                    ("$data", encoded.Written.ToArray()), ("$crc", Checksum(encoded.Written, id, segment, times[0], times[^1], length)));
            }
        }

        Execute("UPDATE checkpoint SET segment = $segment, crc = $crc", ("$segment", segment), ("$crc", Checksum([], segment)));
        transaction.Commit();
        Checkpoint = segment;
        added.ForEach(labels => known.Add(labels));
    });

    public void Read(SeriesCollector collector, CancellationToken cancellationToken) => Guarded(() =>
    {
        var known = LoadIndex();
        using var select = Command("""
            SELECT segment, first, last, samples, data, crc FROM chunks
            WHERE series = $series AND first <= $to AND last >= $from ORDER BY segment, first
            """);
        foreach (var id in known.Select(collector.Selector))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Bind(select, ("$series", id), ("$from", collector.From), ("$to", collector.To));
            using var row = select.ExecuteReader();
            while (row.Read())
            {
                var data = row.GetFieldValue<byte[]>(4);
                Verify(row.GetInt64(5), data, id, row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3));
                var (times, values) = ChunkCodec.Decode(data);
                collector.For(known[id]).AddRange(times, values, collector.From, collector.To);
            }
        }
    });

    public long CountSamples()
    {
        long count = 0;
        Guarded(() => count = Number("SELECT coalesce(sum(samples), 0) FROM chunks"));
        return count;
    }

    public void Dispose()
    {
        lock (gate)
        {
            closed = true;
            connection.Dispose();
        }
    }

    private void Connect()
    {
        connection.Open();

        // EXTRA: a commit is durable only when the journal's removal is, and the log segment is deleted right after it
        Execute("PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; PRAGMA cache_size = -1024;");
    }

    private void ReadCheckpoint()
    {
        if (new FileInfo(Path).Length == 0)
        {
            // to SQLite this is a fine new database; to us it was one, and is lost
            throw new InvalidDataException($"{Path} is empty");
        }

        Connect();
        var version = Number("PRAGMA user_version");
        if (version != FormatVersion)
        {
            throw new InvalidDataException($"{Path} has format {version}; this program reads format {FormatVersion}");
        }

        using var select = Command("SELECT segment, crc FROM checkpoint");
        using var row = select.ExecuteReader();
        if (!row.Read())
        {
            throw new InvalidDataException($"{Path} has no checkpoint");
        }

        Verify(row.GetInt64(1), [], row.GetInt64(0));
        Checkpoint = row.GetInt64(0);
    }

    private LabelIndex LoadIndex()
    {
        if (index is not null)
        {
            return index;
        }

        using (var check = Command("PRAGMA quick_check(1)"))
        {
            if (check.ExecuteScalar() is var answer && answer as string != "ok")
            {
                throw new InvalidDataException($"{Path}: {answer}");
            }
        }

        var loaded = new LabelIndex();
        using var select = Command("SELECT id, labels, crc FROM series ORDER BY id");
        using var row = select.ExecuteReader();
        while (row.Read())
        {
            var id = row.GetInt64(0);
            var labels = row.GetFieldValue<byte[]>(1);
            Verify(row.GetInt64(2), labels, id);
            var reader = new WireReader(labels);
            if (loaded.Add(LabelSetCodec.Read(ref reader)) != id)
            {
                throw new InvalidDataException($"{Path} lacks a series before {id}");
            }
        }

        index = loaded;
        return loaded;
    }

    private uint Checksum(ReadOnlySpan<byte> data, params ReadOnlySpan<long> numbers)
    {
        checkedBytes.Clear();
        foreach (var number in numbers)
        {
            checkedBytes.Fixed64((ulong)number);
        }

        checkedBytes.Bytes(data);
        return Crc32C.Of(checkedBytes.Written);
    }

    private void Verify(long checksum, ReadOnlySpan<byte> data, params ReadOnlySpan<long> numbers)
    {
        if (Checksum(data, numbers) != checksum)
        {
            throw new InvalidDataException($"{Path} has a row whose checksum does not fit");
        }
    }

    private void Guarded(Action action)
    {
        lock (gate)
        {
            if (closed)
            {
                return;
            }

            try
            {
                action();
            }
            catch (SqliteException e) when (IsDamage(e))
            {
                throw new InvalidDataException($"{Path}: {e.Message}", e);
            }
            catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_FULL)
            {
                throw DiskError.Full($"Write {Path}", e);
            }
            catch (SqliteException e)
            {
                throw new SampleStoreException($"Use {Path}", $"{e.Message}: check the disk, and who else has the file open", retryable: true, e);
            }
            catch (Exception e) when (e is FormatException or InvalidCastException or InvalidOperationException)
            {
                // what a row holds is not what the schema says
                throw new InvalidDataException($"{Path}: {e.Message}", e);
            }
        }
    }

    private static bool IsDamage(SqliteException e) =>
        e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_FORMAT
            or SQLitePCL.raw.SQLITE_ERROR or SQLitePCL.raw.SQLITE_MISMATCH or SQLitePCL.raw.SQLITE_CONSTRAINT or SQLitePCL.raw.SQLITE_TOOBIG
        || e.SqliteExtendedErrorCode == SQLitePCL.raw.SQLITE_IOERR_SHORT_READ;

    private SqliteCommand Command(string sql)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // every text is a constant of this file; values are bound
        command.CommandText = sql;
#pragma warning restore CA2100
        return command;
    }

    private void Execute(string sql, params ReadOnlySpan<(string Name, object Value)> values)
    {
        using var command = Command(sql);
        Run(command, values);
    }

    private long Number(string sql)
    {
        using var command = Command(sql);
        return (long)command.ExecuteScalar()!;
    }

    private static void Run(SqliteCommand command, params ReadOnlySpan<(string Name, object Value)> values)
    {
        Bind(command, values);
        command.ExecuteNonQuery();
    }

    private static void Bind(SqliteCommand command, params ReadOnlySpan<(string Name, object Value)> values)
    {
        command.Parameters.Clear();
        foreach (var (name, value) in values)
        {
            command.Parameters.AddWithValue(name, value);
        }
    }
}
