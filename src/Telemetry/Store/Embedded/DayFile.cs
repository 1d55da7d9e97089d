using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>One day's samples in a SQLite file, with the number of the last log segment that is in it.</summary>
/// <remarks>
/// Series are numbered within the day, and 256 neighbours share a row: a <see cref="ChunkGroup"/>. <see cref="RowJoin"/> keeps the rows few.
/// SQLite keeps its pages consistent but does not notice a flipped bit in their content, so each row has a CRC-32C of its own, and the checkpoint one of all rows.
/// Every method throws <see cref="InvalidDataException"/> when the file is damaged, and <see cref="SampleStoreException"/> when the disk refuses.
/// Safe for use by several threads; a closed file holds nothing.
/// </remarks>
internal sealed class DayFile : IDisposable
{
    /// <summary>Series of a row: enough to share the times and SQLite's overhead, few enough that a read of one does not fetch much for nothing.</summary>
    private const int GroupSeries = 256;

    private const int FormatVersion = 2;

    private const string Schema = SeriesTable.Schema + """
        CREATE TABLE chunks (id INTEGER PRIMARY KEY, part INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
                             samples INTEGER NOT NULL, series INTEGER NOT NULL, crc INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
        CREATE TABLE checkpoint (segment INTEGER NOT NULL, series INTEGER NOT NULL, rows INTEGER NOT NULL, digest INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT;
        """;

    private readonly SqliteFile file;
    private readonly WireWriter encoded = new();
    private readonly WireWriter buffer = new();
    private DayContent? content;

    private DayFile(string path) => file = SqliteFile.Open(path, FormatVersion, ReadCheckpoint);

    public string Path => file.Path;

    /// <summary>Number of the newest segment whose samples of this day are all in the file; 0 before the first.</summary>
    public long Checkpoint { get; private set; }

    public static DayFile Create(string path)
    {
        SqliteFile.Create(path, FormatVersion, static file =>
        {
            file.Execute(Schema);
            file.Execute("INSERT INTO checkpoint VALUES (0, 0, 0, 0, $crc)", ("$crc", Crc32C.Of([], [0, 0, 0, 0])));
        });
        return Open(path);
    }

    public static DayFile Open(string path) => new(path);

    /// <summary>Adds the samples and moves the checkpoint to <paramref name="segment"/>: both or neither.</summary>
    /// <param name="segment">Where the samples come from.</param>
    /// <param name="head">The samples.</param>
    /// <param name="from">The day's first millisecond.</param>
    /// <param name="to">Its last.</param>
    public void Write(long segment, Head head, long from, long to) => file.Guarded(() =>
    {
        var loaded = Load();
        using var transaction = file.Begin();
        try
        {
            var numbers = head.SeriesWithin(from, to).Select(inLog => (Own: loaded.NumberOf(head.Catalog, inLog), InLog: inLog)).ToArray();
            Array.Sort(numbers);
            loaded.Series.Persist(file, encoded, buffer);
            var columns = new List<NumberedColumns>(GroupSeries);
            var room = new ValueRoom();
            for (var start = 0; start < numbers.Length; start += columns.Count)
            {
                // a group after the other, so that no more than one is in memory twice
                var part = numbers[start].Own / GroupSeries;
                columns.Clear();
                room.Clear();
                for (var i = start; i < numbers.Length && numbers[i].Own / GroupSeries == part; i++)
                {
                    var (times, values) = head.SamplesOf(numbers[i].InLog, from, to, columns.Count == 0 ? default : columns[^1].UnixMilliseconds, room);
                    columns.Add(new NumberedColumns(numbers[i].Own, times, values));
                }

                WritePart(loaded, part, columns, room);
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
    public void TakeOver(DaySalvage damaged) => file.Guarded(() =>
    {
        var loaded = Load();
        using var transaction = file.Begin();
        try
        {
            foreach (var block in damaged.Series().DistinctBy(block => block.First).OrderBy(block => block.First))
            {
                FillSeries(loaded, (int)block.First);
                loaded.Series.TakeOver(file, block.First, block.Crc, block.Data);
            }

            using var insert = file.Command("INSERT INTO chunks VALUES ($id, $part, $first, $last, $samples, $series, $crc, $data)");
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

    /// <summary>The series that match, in the order in which they stand here.</summary>
    public void Select(SeriesSelector selector, Action<LabelSet> found) => file.Guarded(() =>
    {
        var loaded = Load();
        foreach (var number in loaded.Series.Select(selector))
        {
            if (loaded.Series[number] is { Labels.Length: > 0 } labels)
            {
                found(labels);
            }
        }
    });

    public void Read(SeriesCollector collector, CancellationToken cancellationToken) => file.Guarded(() =>
    {
        var loaded = Load();
        var (numbers, places) = loaded.Series.NumbersOf(collector.Wanted);
        for (var begin = 0; begin < numbers.Length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var part = numbers[begin] / GroupSeries;
            var end = Array.BinarySearch(numbers, (part + 1) * GroupSeries);
            end = end < 0 ? ~end : end;
            foreach (var row in loaded.Rows(part))
            {
                if (row.First <= collector.To && row.Last >= collector.From)
                {
                    var at = begin;
                    ChunkGroup.Find(Fetch(row), numbers.AsSpan(begin..end), collector.From, collector.To, (series, times, values) =>
                    {
                        while (numbers[at] < series)
                        {
                            at++;
                        }

                        collector.Add(places[at], times, values);
                    });
                }
            }

            begin = end;
        }
    });

    /// <summary>Reads all samples of a group of series.</summary>
    /// <param name="number">From 0 on.</param>
    /// <param name="group">Those whose labels are known.</param>
    /// <returns>Whether there is such a group.</returns>
    public bool TryReadGroup(int number, [NotNullWhen(true)] out IReadOnlyList<TimeSeries>? group)
    {
        List<TimeSeries>? read = null;
        file.Guarded(() =>
        {
            var loaded = Load();
            if (number * GroupSeries < loaded.Series.Count)
            {
                var room = new ValueRoom();
                read = [.. RowJoin.Joined([.. loaded.Rows(number).Select(row => Decode(row, room))], room)
                    .Select(one => new TimeSeries(loaded.Series[one.Series], one.UnixMilliseconds, one.Values))
                    .Where(static one => one.Labels.Labels.Length > 0)];
            }
        });
        group = read;
        return read is not null;
    }

    /// <summary>Finds the series that have a sample in the range. Live ones are in the newest row, so mostly one row a group is looked at, and none of what a head has.</summary>
    public void Find(SeriesPresence presence, CancellationToken cancellationToken) => file.Guarded(() =>
    {
        var loaded = Load();
        var wanted = loaded.Series.Select(presence.Selector)
            .Where(number => loaded.Series[number] is { Labels.Length: > 0 } labels && presence.IsWanted(labels));
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

                ChunkGroup.Present(Fetch(row), presence.From, presence.To, series =>
                {
                    if (missing.Remove(series))
                    {
                        presence.Found(loaded.Series[series]);
                    }
                });
            }
        }
    });

    public long CountSamples()
    {
        long count = 0;
        file.Guarded(() => count = file.Number("SELECT coalesce(sum(samples), 0) FROM chunks"));
        return count;
    }

    /// <summary>Frees what is held in memory; it is read again when it is needed.</summary>
    public void Unload() => file.Guarded(() =>
    {
        content = null;
        file.ReleaseBuffer();
    });

    public void Dispose()
    {
        Unload();
        file.Dispose();
    }

    private void WritePart(DayContent loaded, int part, List<NumberedColumns> added, ValueRoom room)
    {
        var rows = loaded.Rows(part);
        var firstJoined = RowJoin.First(rows);
        IReadOnlyList<NumberedColumns> columns = firstJoined == rows.Count ? added : RowJoin.Joined([.. rows.Skip(firstJoined).Select(row => Decode(row, room)), added], room);

        // deleted before it is inserted, so that SQLite uses the pages again and the file does not grow
        foreach (var row in rows.Skip(firstJoined).ToArray())
        {
            file.Execute("DELETE FROM chunks WHERE id = $id", ("$id", row.Id));
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
        using var insert = file.Command("INSERT INTO chunks VALUES ($id, $part, $first, $last, $samples, $series, $crc, $data)");
        Insert(insert, written, data);
        loaded.Add(written);
    }

    private List<NumberedColumns> Decode(ChunkRow row, ValueRoom room)
    {
        var columns = new List<NumberedColumns>(row.Series);
        ChunkGroup.Decode(Fetch(row), room, columns.Add);
        return columns;
    }

    private ReadOnlySpan<byte> Fetch(ChunkRow row)
    {
        var data = file.Data("chunks", row.Id);
        return row.Fits(data) ? data : throw new InvalidDataException($"{Path} has a row whose checksum does not fit");
    }

    private static void Insert(SqliteCommand insert, ChunkRow row, byte[] data) => SqliteFile.Run(insert, ("$id", row.Id), ("$part", row.Part), ("$first", row.First),
        ("$last", row.Last), ("$samples", row.Samples), ("$series", row.Series), ("$crc", row.Crc), ("$data", data));

    /// <summary>Numbers up to there are of series whose labels are lost.</summary>
    private void FillSeries(DayContent loaded, int end)
    {
        while (loaded.Series.Count < end)
        {
            loaded.Series.Add(LabelSet.From([]));
        }

        loaded.Series.Persist(file, encoded, buffer);
    }

    private void SetCheckpoint(long segment, DayContent loaded) => file.Execute(
        "UPDATE checkpoint SET segment = $segment, series = $series, rows = $rows, digest = $digest, crc = $crc",
        ("$segment", segment), ("$series", loaded.Series.Count), ("$rows", loaded.RowCount), ("$digest", loaded.Digest),
        ("$crc", Crc32C.Of([], [segment, loaded.Series.Count, loaded.RowCount, loaded.Digest])));

    private void ReadCheckpoint(SqliteFile file)
    {
        using var select = file.Command("SELECT segment, series, rows, digest, crc FROM checkpoint");
        using var row = select.ExecuteReader();
        if (!row.Read())
        {
            throw new InvalidDataException($"{file.Path} has no checkpoint");
        }

        if (Crc32C.Of([], [row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3)]) != row.GetInt64(4))
        {
            throw new InvalidDataException($"{file.Path} has a checkpoint whose checksum does not fit");
        }

        Checkpoint = row.GetInt64(0);
    }

    private DayContent Load()
    {
        if (content is not null)
        {
            return content;
        }

        var loaded = new DayContent(SeriesTable.Load(file));
        using (var select = file.Command("SELECT id, part, first, last, samples, series, crc FROM chunks ORDER BY id"))
        using (var row = select.ExecuteReader())
        {
            while (row.Read())
            {
                loaded.Add(ChunkRow.Read(row));
            }
        }

        using (var select = file.Command("SELECT series, rows, digest FROM checkpoint"))
        using (var row = select.ExecuteReader())
        {
            if (!row.Read() || (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)) != (loaded.Series.Count, loaded.RowCount, loaded.Digest))
            {
                throw new InvalidDataException($"{Path} does not hold the rows that its checkpoint tells of");
            }
        }

        content = loaded;
        return loaded;
    }
}
