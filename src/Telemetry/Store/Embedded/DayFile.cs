using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>One day's samples in a SQLite file, with the number of the last log segment that is in it.</summary>
/// <remarks>
/// Series are numbered within the day, and 256 neighbours share a row: a <see cref="ChunkGroup"/>. Four short rows of a group become one,
/// and eight long ones, so that a day is some tens of rows a group whatever the length of a segment.
/// SQLite keeps its pages consistent but does not notice a flipped bit in their content, so each row has a CRC-32C of its own, and the checkpoint one of all rows.
/// Every method throws <see cref="InvalidDataException"/> when the file is damaged, and <see cref="SampleStoreException"/> when the disk refuses.
/// Safe for use by several threads; a closed file holds nothing.
/// </remarks>
internal sealed class DayFile : IDisposable
{
    public const string JournalExtension = "-journal";
    public const string UnfinishedExtension = ".new";

    /// <summary>Series of a row: enough to share the times and SQLite's overhead, few enough that a read of one does not fetch much for nothing.</summary>
    private const int GroupSeries = 256;

    /// <summary>So many short rows, the one that is added among them, become one. To join each with the next would encode a sample twice as often.</summary>
    private const int JoinedShortRows = 4;

    /// <summary>So many rows that are neither short nor full become one.</summary>
    private const int JoinedRows = 8;

    /// <summary>The version and, above it, its complement: a flipped bit is then not taken for another version.</summary>
    private const long FormatVersion = 2 | (~2L & 0x7fff) << 16;

    private const long FirstFormatVersion = 1;

    private const string Schema = """
        CREATE TABLE series (first INTEGER PRIMARY KEY, crc INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
        CREATE TABLE chunks (id INTEGER PRIMARY KEY, part INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
                             samples INTEGER NOT NULL, series INTEGER NOT NULL, crc INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
        CREATE TABLE checkpoint (segment INTEGER NOT NULL, series INTEGER NOT NULL, rows INTEGER NOT NULL, digest INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT;
        """;

    private readonly Lock gate = new();
    private readonly SqliteConnection connection;
    private readonly WireWriter encoded = new();
    private readonly WireWriter buffer = new();
    private DayContent? content;
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
                    file.Execute($"PRAGMA user_version = {FormatVersion}");
                    file.Execute("INSERT INTO checkpoint VALUES (0, 0, 0, 0, $crc)", ("$crc", Crc32C.Of([], [0, 0, 0, 0])));
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
    /// <param name="segment">Where the samples come from.</param>
    /// <param name="catalog">The series' labels.</param>
    /// <param name="columns">Samples by the catalog's number.</param>
    public void Write(long segment, SeriesCatalog catalog, IReadOnlyList<NumberedColumns> columns) => Guarded(() =>
    {
        var loaded = Load();
        using var transaction = connection.BeginTransaction();
        try
        {
            var firstNew = loaded.Index.Count;
            var numbered = new NumberedColumns[columns.Count];
            var ascending = true;
            for (var i = 0; i < numbered.Length; i++)
            {
                numbered[i] = columns[i] with { Series = loaded.NumberOf(catalog, columns[i].Series) };
                ascending &= i == 0 || numbered[i].Series > numbered[i - 1].Series;
            }

            if (!ascending)
            {
                Array.Sort(numbered, static (left, right) => left.Series.CompareTo(right.Series));
            }

            InsertSeries(loaded, firstNew);
            for (var start = 0; start < numbered.Length;)
            {
                var part = numbered[start].Series / GroupSeries;
                var end = start + 1;
                while (end < numbered.Length && numbered[end].Series / GroupSeries == part)
                {
                    end++;
                }

                WritePart(loaded, part, numbered[start..end]);
                start = end;
            }

            SetCheckpoint(segment, loaded);
            transaction.Commit();
        }
        catch
        {
            // what is in memory is ahead of the file now
            content = null;
            throw;
        }

        Checkpoint = segment;
    });

    /// <summary>Takes over each row of a damaged file that is whole, numbers and all.</summary>
    public void TakeOver(DaySalvage damaged) => Guarded(() =>
    {
        var loaded = Load();
        using var transaction = connection.BeginTransaction();
        try
        {
            foreach (var block in damaged.Series().DistinctBy(block => block.First).OrderBy(block => block.First))
            {
                var reader = new WireReader(block.Data);
                var labels = LabelBlock.Read(ref reader);
                FillSeries(loaded, (int)block.First);
                if (loaded.Index.Count == block.First)
                {
                    Array.ForEach(labels, series => loaded.AddSeries(series));
                    Execute("INSERT INTO series VALUES ($first, $crc, $data)", ("$first", block.First), ("$crc", block.Crc), ("$data", block.Data));
                }
            }

            using var insert = Command("INSERT INTO chunks VALUES ($id, $part, $first, $last, $samples, $series, $crc, $data)");
            foreach (var (row, data) in damaged.Chunks().DistinctBy(chunk => chunk.Row.Id).OrderBy(chunk => chunk.Row.Id))
            {
                FillSeries(loaded, (row.Part + 1) * GroupSeries);
                loaded.Add(row);
                Insert(insert, row, data);
            }

            // a flush is one transaction, so what is left of a segment may lack rows; it is not in the log any more
            SetCheckpoint(damaged.Checkpoint, loaded);
            transaction.Commit();
        }
        catch
        {
            content = null;
            throw;
        }

        Checkpoint = damaged.Checkpoint;
    });

    public void Read(SeriesCollector collector, CancellationToken cancellationToken) => Guarded(() =>
    {
        var loaded = Load();
        var wanted = CollectionsMarshal.AsSpan([.. loaded.Index.Select(collector.Selector)]);
        using var select = Command("SELECT data FROM chunks WHERE id = $id");
        var id = select.Parameters.Add("$id", SqliteType.Integer);
        while (!wanted.IsEmpty)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var part = wanted[0] / GroupSeries;
            var end = wanted.BinarySearch((part + 1) * GroupSeries);
            end = end < 0 ? ~end : end;
            foreach (var row in loaded.Rows(part))
            {
                if (row.First <= collector.To && row.Last >= collector.From)
                {
                    ChunkGroup.Decode(Fetch(select, id, row), wanted[..end], collector.From, collector.To, found =>
                    {
                        // a series without labels stands for one whose labels are lost
                        if (loaded.Index[found.Series] is { Labels.Length: > 0 } labels)
                        {
                            collector.Add(labels, found.UnixMilliseconds, found.Values);
                        }
                    });
                }
            }

            wanted = wanted[end..];
        }
    });

    /// <summary>Finds the series that have a sample in the range. Live ones are in the newest row, so mostly one row a group is looked at, and none of what a head has.</summary>
    public void Find(SeriesPresence presence, CancellationToken cancellationToken) => Guarded(() =>
    {
        var loaded = Load();
        var wanted = loaded.Index.Select(presence.Selector)
            .Where(number => loaded.Index[number] is { Labels.Length: > 0 } labels && presence.IsWanted(labels));
        using var select = Command("SELECT data FROM chunks WHERE id = $id");
        var id = select.Parameters.Add("$id", SqliteType.Integer);
        foreach (var part in wanted.GroupBy(static number => number / GroupSeries))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var missing = part.ToHashSet();
            foreach (var row in loaded.Rows(part.Key).Reverse().Where(row => row.First <= presence.To && row.Last >= presence.From))
            {
                if (missing.Count == 0)
                {
                    break;
                }

                ChunkGroup.Present(Fetch(select, id, row), presence.From, presence.To, series =>
                {
                    if (missing.Remove(series))
                    {
                        presence.Found(loaded.Index[series]);
                    }
                });
            }
        }
    });

    public long CountSamples()
    {
        long count = 0;
        Guarded(() => count = Number("SELECT coalesce(sum(samples), 0) FROM chunks"));
        return count;
    }

    /// <summary>Frees what is held in memory; it is read again when it is needed.</summary>
    public void Unload()
    {
        lock (gate)
        {
            content = null;
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            closed = true;
            content = null;
            connection.Dispose();
        }
    }

    private void WritePart(DayContent loaded, int part, NumberedColumns[] added)
    {
        var rows = loaded.Rows(part);
        var firstJoined = FirstJoined(rows);
        IReadOnlyList<NumberedColumns> columns = firstJoined == rows.Count ? added : Join([.. rows.Skip(firstJoined).Select(Decode), added]);

        // deleted before it is inserted, so that SQLite uses the pages again and the file does not grow
        foreach (var row in rows.Skip(firstJoined).ToArray())
        {
            Execute("DELETE FROM chunks WHERE id = $id", ("$id", row.Id));
            loaded.Remove(row);
        }

        encoded.Clear();
        ChunkGroup.Encode(encoded, buffer, columns);
        var first = long.MaxValue;
        var last = long.MinValue;
        var samples = 0;
        foreach (var one in columns)
        {
            first = Math.Min(first, one.UnixMilliseconds.Span[0]);
            last = Math.Max(last, one.UnixMilliseconds.Span[^1]);
            samples += one.Values.Length;
        }

        var data = encoded.Written.ToArray();
        var written = ChunkRow.Of(loaded.NextId, part, first, last, samples, columns.Count, data);
        using var insert = Command("INSERT INTO chunks VALUES ($id, $part, $first, $last, $samples, $series, $crc, $data)");
        Insert(insert, written, data);
        loaded.Add(written);
    }

    /// <summary>Which rows are joined with what is added: from that one on. Full rows stand before long ones, and long ones before short ones.</summary>
    private static int FirstJoined(IReadOnlyList<ChunkRow> rows)
    {
        var firstShort = rows.Count;
        while (firstShort > 0 && rows[firstShort - 1].IsShort)
        {
            firstShort--;
        }

        if (rows.Count - firstShort is > 0 and < JoinedShortRows - 1)
        {
            return rows.Count;
        }

        var firstLong = firstShort;
        while (firstLong > 0 && !rows[firstLong - 1].IsFull)
        {
            firstLong--;
        }

        return firstShort - firstLong >= JoinedRows ? firstLong : firstShort;
    }

    /// <param name="rows">Oldest first.</param>
    private static List<NumberedColumns> Join(IReadOnlyList<NumberedColumns>[] rows)
    {
        var joined = new List<NumberedColumns>(rows.Max(static row => row.Count));
        var times = new JoinedTimes();
        var next = new int[rows.Length];
        while (true)
        {
            var series = int.MaxValue;
            for (var i = 0; i < rows.Length; i++)
            {
                series = next[i] < rows[i].Count ? Math.Min(series, rows[i][next[i]].Series) : series;
            }

            if (series == int.MaxValue)
            {
                return joined;
            }

            var parts = new List<(ReadOnlyMemory<long>, ReadOnlyMemory<double>)>(rows.Length);
            for (var i = 0; i < rows.Length; i++)
            {
                if (next[i] < rows[i].Count && rows[i][next[i]].Series == series)
                {
                    var column = rows[i][next[i]++];
                    parts.Add((column.UnixMilliseconds, column.Values));
                }
            }

            var (at, values) = SampleOrder.Joined(parts, times);
            joined.Add(new NumberedColumns(series, at, values));
        }
    }

    private List<NumberedColumns> Decode(ChunkRow row)
    {
        using var select = Command("SELECT data FROM chunks WHERE id = $id");
        var columns = new List<NumberedColumns>(row.Series);
        ChunkGroup.Decode(Fetch(select, select.Parameters.Add("$id", SqliteType.Integer), row), [], long.MinValue, long.MaxValue, columns.Add);
        return columns;
    }

    private byte[] Fetch(SqliteCommand select, SqliteParameter id, ChunkRow row)
    {
        id.Value = row.Id;
        return select.ExecuteScalar() is byte[] data && row.Fits(data) ? data : throw new InvalidDataException($"{Path} has a row whose checksum does not fit");
    }

    private static void Insert(SqliteCommand insert, ChunkRow row, byte[] data) => Run(insert, ("$id", row.Id), ("$part", row.Part), ("$first", row.First),
        ("$last", row.Last), ("$samples", row.Samples), ("$series", row.Series), ("$crc", row.Crc), ("$data", data));

    private void InsertSeries(DayContent loaded, int first)
    {
        var count = loaded.Index.Count - first;
        if (count > 0)
        {
            encoded.Clear();
            LabelBlock.Write(encoded, buffer, Enumerable.Range(first, count).Select(number => loaded.Index[number]), count);
            Execute("INSERT INTO series VALUES ($first, $crc, $data)",
                ("$first", first), ("$crc", Crc32C.Of(encoded.Written, [first])), ("$data", encoded.Written.ToArray()));
        }
    }

    /// <summary>Numbers up to there are of series whose labels are lost.</summary>
    private void FillSeries(DayContent loaded, int end)
    {
        var first = loaded.Index.Count;
        while (loaded.Index.Count < end)
        {
            loaded.AddSeries(LabelSet.From([]));
        }

        InsertSeries(loaded, first);
    }

    private void SetCheckpoint(long segment, DayContent loaded) => Execute(
        "UPDATE checkpoint SET segment = $segment, series = $series, rows = $rows, digest = $digest, crc = $crc",
        ("$segment", segment), ("$series", loaded.Index.Count), ("$rows", loaded.RowCount), ("$digest", loaded.Digest),
        ("$crc", Crc32C.Of([], [segment, loaded.Index.Count, loaded.RowCount, loaded.Digest])));

    private void Connect()
    {
        connection.Open();

        // EXTRA: a commit is durable only when the journal's removal is, and the log segment is deleted right after it
        Execute("PRAGMA page_size = 1024; PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; PRAGMA cache_size = -1024;");
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
            throw version == FirstFormatVersion || (version >> 16) == (~version & 0x7fff)
                ? LogFile.OtherVersion(Path)
                : new InvalidDataException($"{Path} has the format {version}, which is none");
        }

        using var select = Command("SELECT segment, series, rows, digest, crc FROM checkpoint");
        using var row = select.ExecuteReader();
        if (!row.Read())
        {
            throw new InvalidDataException($"{Path} has no checkpoint");
        }

        if (Crc32C.Of([], [row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3)]) != row.GetInt64(4))
        {
            throw new InvalidDataException($"{Path} has a checkpoint whose checksum does not fit");
        }

        Checkpoint = row.GetInt64(0);
    }

    private DayContent Load()
    {
        if (content is not null)
        {
            return content;
        }

        var loaded = new DayContent();
        using (var select = Command("SELECT first, crc, data FROM series ORDER BY first"))
        using (var row = select.ExecuteReader())
        {
            while (row.Read())
            {
                var data = row.GetFieldValue<byte[]>(2);
                if (Crc32C.Of(data, [row.GetInt64(0)]) != row.GetInt64(1) || row.GetInt64(0) != loaded.Index.Count)
                {
                    throw new InvalidDataException($"{Path} has series whose checksum does not fit");
                }

                var reader = new WireReader(data);
                Array.ForEach(LabelBlock.Read(ref reader), series => loaded.AddSeries(series));
            }
        }

        using (var select = Command("SELECT id, part, first, last, samples, series, crc FROM chunks ORDER BY id"))
        using (var row = select.ExecuteReader())
        {
            while (row.Read())
            {
                loaded.Add(ChunkRow.Read(row));
            }
        }

        using (var select = Command("SELECT series, rows, digest FROM checkpoint"))
        using (var row = select.ExecuteReader())
        {
            if (!row.Read() || (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)) != (loaded.Index.Count, loaded.RowCount, loaded.Digest))
            {
                throw new InvalidDataException($"{Path} does not hold the rows that its checkpoint tells of");
            }
        }

        content = loaded;
        return loaded;
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
            catch (Exception e) when (e is FormatException or InvalidCastException or InvalidOperationException or ArgumentException or OverflowException)
            {
                // what a row holds is not what the schema says
                throw new InvalidDataException($"{Path}: {e.Message}", e);
            }
        }
    }

    private static bool IsDamage(SqliteException e) =>
        e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_FORMAT
            or SQLitePCL.raw.SQLITE_ERROR or SQLitePCL.raw.SQLITE_MISMATCH or SQLitePCL.raw.SQLITE_CONSTRAINT or SQLitePCL.raw.SQLITE_TOOBIG
        || e.SqliteExtendedErrorCode is SQLitePCL.raw.SQLITE_IOERR_SHORT_READ or SQLitePCL.raw.SQLITE_READONLY_DBMOVED;

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
        command.Parameters.Clear();
        foreach (var (name, value) in values)
        {
            command.Parameters.AddWithValue(name, value);
        }

        command.ExecuteNonQuery();
    }
}
