using Microsoft.Data.Sqlite;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded.RollUps;

/// <summary>Roll-ups of one length over some days, in a SQLite file: for each day all of them, or none.</summary>
/// <remarks>Series are numbered within the file. A row is a <see cref="RollUpGroup"/> of the series that were added together. Throws as <see cref="SqliteFile"/> says.</remarks>
internal sealed class RollUpFile : IDisposable
{
    private const int FormatVersion = 1;

    private const string Schema = SeriesTable.Schema + """
        CREATE TABLE days (day INTEGER PRIMARY KEY, segment INTEGER NOT NULL, rows INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT;
        CREATE TABLE rolled (id INTEGER PRIMARY KEY, day INTEGER NOT NULL, lowest INTEGER NOT NULL, highest INTEGER NOT NULL, crc INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
        CREATE TABLE sketches (id INTEGER PRIMARY KEY, crc INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
        """;

    private readonly RollUpLength length;
    private readonly SqliteFile file;
    private Content? content;

    private RollUpFile(string path, RollUpLength length)
    {
        this.length = length;
        file = SqliteFile.Open(path, FormatVersion, ReadDays);
    }

    public string Path => file.Path;

    /// <summary>The days that are in it, each with the number of the last log segment that was.</summary>
    public IReadOnlyDictionary<DateOnly, long> Days { get; private set; } = new Dictionary<DateOnly, long>();

    public static RollUpFile Create(string path, RollUpLength length)
    {
        SqliteFile.Create(path, FormatVersion, static file => file.Execute(Schema));
        return new RollUpFile(path, length);
    }

    public static RollUpFile Open(string path, RollUpLength length) => new(path, length);

    /// <summary>Begins to write a day, in place of what is there of it.</summary>
    /// <param name="day">Which.</param>
    /// <param name="segment">The last segment whose samples are rolled up.</param>
    public Addition Add(DateOnly day, long segment) => new(this, day, segment);

    /// <summary>The series that match and have roll-ups of one of its days.</summary>
    public void Select(SeriesSelector selector, Action<LabelSet> found) => file.Guarded(() =>
    {
        var loaded = Load();
        foreach (var number in loaded.Series.Select(selector))
        {
            found(loaded.Series[number]);
        }
    });

    /// <summary>Reads a day's roll-ups of some series.</summary>
    /// <param name="day">Which day.</param>
    /// <param name="choice">Ascending numbers of the wanted series.</param>
    /// <param name="withSketches">Whether sketches are wanted.</param>
    /// <param name="found">Gets each series' roll-ups.</param>
    public void Read(DateOnly day, Func<SeriesTable, int[]> choice, bool withSketches, Action<LabelSet, RollUp[]> found, CancellationToken cancellationToken) => file.Guarded(() =>
    {
        var loaded = Load();
        var wanted = choice(loaded.Series);
        if (wanted.Length == 0 || !Days.ContainsKey(day))
        {
            return;
        }

        foreach (var row in loaded.Rows.GetValueOrDefault(day, []))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var begin = Array.BinarySearch(wanted, row.Lowest);
            begin = begin < 0 ? ~begin : begin;
            if (begin < wanted.Length && wanted[begin] <= row.Highest)
            {
                var data = Fetch("SELECT crc, data FROM rolled WHERE id = $id", row, isSketch: false);
                ReadOnlyMemory<byte> sketches = withSketches ? Fetch("SELECT crc, data FROM sketches WHERE id = $id", row, isSketch: true) : default;
                RollUpGroup.Decode(data, sketches, wanted.AsSpan(begin), length, (series, rollUps) => found(loaded.Series[series], rollUps));
            }
        }
    });

    /// <summary>Frees what is held in memory; it is read again when it is needed.</summary>
    public void Unload() => file.Guarded(() => content = null);

    public void Dispose()
    {
        Unload();
        file.Dispose();
    }

    private byte[] Fetch(string sql, Row row, bool isSketch)
    {
        using var select = file.Command(sql);
        select.Parameters.AddWithValue("$id", row.Id);
        using var found = select.ExecuteReader();
        if (found.Read() && found.GetFieldValue<byte[]>(1) is var data && row.Crc(data, isSketch) == found.GetInt64(0))
        {
            return data;
        }

        throw new InvalidDataException($"{Path} has a row whose checksum does not fit");
    }

    private void ReadDays(SqliteFile opened)
    {
        var days = new Dictionary<DateOnly, long>();
        using var select = opened.Command("SELECT day, segment, rows, crc FROM days ORDER BY day");
        using var row = select.ExecuteReader();
        while (row.Read())
        {
            if (Crc32C.Of([], [row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)]) != row.GetInt64(3))
            {
                throw new InvalidDataException($"{opened.Path} has a day whose checksum does not fit");
            }

            days.Add(DateOnly.FromDayNumber(checked((int)row.GetInt64(0))), row.GetInt64(1));
        }

        Days = days;
    }

    private Content Load()
    {
        if (content is not null)
        {
            return content;
        }

        var loaded = new Content(SeriesTable.Load(file));
        using (var select = file.Command("SELECT id, day, lowest, highest FROM rolled ORDER BY id"))
        using (var row = select.ExecuteReader())
        {
            while (row.Read())
            {
                loaded.Add(new Row(row.GetInt64(0), row.GetInt64(1), checked((int)row.GetInt64(2)), checked((int)row.GetInt64(3))));
            }
        }

        if (file.Number("SELECT coalesce(sum(rows), 0) FROM days") != loaded.Rows.Values.Sum(static rows => rows.Count))
        {
            throw new InvalidDataException($"{Path} does not hold the rows that its days tell of");
        }

        content = loaded;
        return loaded;
    }

    private readonly record struct Row(long Id, long Day, int Lowest, int Highest)
    {
        public uint Crc(ReadOnlySpan<byte> data, bool isSketch) => Crc32C.Of(data, [Id, Day, Lowest, Highest, isSketch ? 1 : 0]);
    }

    /// <summary>What is known of a file's content without the roll-ups.</summary>
    private sealed class Content(SeriesTable series)
    {
        public SeriesTable Series { get; } = series;

        public Dictionary<DateOnly, List<Row>> Rows { get; } = [];

        public long NextId { get; private set; } = 1;

        public long TakeId() => NextId++;

        public void Add(Row row)
        {
            var day = DateOnly.FromDayNumber(checked((int)row.Day));
            Rows.TryAdd(day, []);
            Rows[day].Add(row);
            NextId = Math.Max(NextId, row.Id + 1);
        }
    }

    /// <summary>A day being written, a group of series after the other, in one transaction. What is there of the day is read until the end.</summary>
    internal sealed class Addition : IDisposable
    {
        private readonly RollUpFile to;
        private readonly DateOnly day;
        private readonly long segment;
        private readonly List<Row> added = [];
        private readonly WireWriter numbers = new();
        private readonly WireWriter sketches = new();
        private SqliteTransaction? transaction;

        public Addition(RollUpFile to, DateOnly day, long segment)
        {
            (this.to, this.day, this.segment) = (to, day, segment);
            to.file.Guarded(() => transaction = to.file.Begin());
        }

        public void Write(IReadOnlyList<RolledSeries> group) => to.file.Guarded(() =>
        {
            var loaded = to.Load();
            var numbered = group.Select(one => new NumberedRollUps(loaded.Series.NumberOf(one.Labels), one.RollUps)).OrderBy(static one => one.Series).ToArray();
            loaded.Series.Persist(to.file, numbers, sketches);
            numbers.Clear();
            sketches.Clear();
            RollUpGroup.Encode(numbers, sketches, numbered, to.length);
            var row = new Row(loaded.TakeId(), day.DayNumber, numbered[0].Series, numbered[^1].Series);
            to.file.Execute("INSERT INTO rolled VALUES ($id, $day, $lowest, $highest, $crc, $data)", ("$id", row.Id), ("$day", row.Day), ("$lowest", row.Lowest),
                ("$highest", row.Highest), ("$crc", row.Crc(numbers.Written, isSketch: false)), ("$data", numbers.Written.ToArray()));
            to.file.Execute("INSERT INTO sketches VALUES ($id, $crc, $data)",
                ("$id", row.Id), ("$crc", row.Crc(sketches.Written, isSketch: true)), ("$data", sketches.Written.ToArray()));
            added.Add(row);
        });

        /// <summary>Has the day's new roll-ups take the place of the old ones.</summary>
        public void Commit() => to.file.Guarded(() =>
        {
            var loaded = to.Load();
            foreach (var old in loaded.Rows.GetValueOrDefault(day, []))
            {
                to.file.Execute("DELETE FROM rolled WHERE id = $id", ("$id", old.Id));
                to.file.Execute("DELETE FROM sketches WHERE id = $id", ("$id", old.Id));
            }

            to.file.Execute("INSERT OR REPLACE INTO days VALUES ($day, $segment, $rows, $crc)",
                ("$day", day.DayNumber), ("$segment", segment), ("$rows", added.Count), ("$crc", Crc32C.Of([], [day.DayNumber, segment, added.Count])));
            transaction?.Commit();
            transaction?.Dispose();
            transaction = null;
            loaded.Rows[day] = added;
            to.Days = new Dictionary<DateOnly, long>(to.Days) { [day] = segment };
        });

        public void Dispose()
        {
            if (transaction is not null)
            {
                to.file.Guarded(() =>
                {
                    // what is in memory is ahead of the file
                    to.content = null;
                    transaction.Dispose();
                });
            }
        }
    }
}
