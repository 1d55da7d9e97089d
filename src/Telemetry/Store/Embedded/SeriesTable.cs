using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>The series of a SQLite file of ours by number, and its table that keeps them: blocks of labels in the order of numbers.</summary>
/// <remarks>A series without labels stands for one whose labels are lost. Used within <see cref="SqliteFile.Guarded"/>.</remarks>
internal sealed class SeriesTable
{
    public const string Schema = "CREATE TABLE series (first INTEGER PRIMARY KEY, crc INTEGER NOT NULL, data BLOB NOT NULL) STRICT;";

    /// <summary>Series whose labels share a row: more would be many megabytes before they are compressed.</summary>
    private const int RowLabels = 2048;

    private readonly Dictionary<LabelSet, int> numbers = [];
    private readonly LabelIndex index = new();

    /// <summary>How many of them the file has.</summary>
    private int persisted;

    public int Count => index.Count;

    public LabelSet this[int number] => index[number];

    /// <exception cref="InvalidDataException">The file does not hold what was written to it.</exception>
    public static SeriesTable Load(SqliteFile file)
    {
        var table = new SeriesTable();
        using var select = file.Command("SELECT first, crc, data FROM series ORDER BY first");
        using var row = select.ExecuteReader();
        while (row.Read())
        {
            var data = row.GetFieldValue<byte[]>(2);
            if (Crc32C.Of(data, [row.GetInt64(0)]) != row.GetInt64(1) || row.GetInt64(0) != table.Count)
            {
                throw new InvalidDataException($"{file.Path} has series whose checksum does not fit");
            }

            var reader = new WireReader(data);
            Array.ForEach(LabelBlock.Read(ref reader), series => table.Add(series));
        }

        table.persisted = table.Count;
        return table;
    }

    public bool TryNumber(LabelSet series, out int number) => numbers.TryGetValue(series, out number);

    /// <summary>The series' number, a new one when it has none. It is in the file after <see cref="Persist"/>.</summary>
    public int NumberOf(LabelSet series) => numbers.TryGetValue(series, out var number) ? number : Add(series);

    public int Add(LabelSet series)
    {
        var number = index.Add(series);
        numbers[series] = number;
        return number;
    }

    /// <summary>Numbers of the matching series, ascending.</summary>
    public IReadOnlyList<int> Select(SeriesSelector selector) => index.Select(selector);

    /// <summary>Numbers of those series that are known here, ascending, and the place of each in the list.</summary>
    public (int[] Numbers, int[] Places) NumbersOf(IReadOnlyList<LabelSet> series)
    {
        var found = new int[series.Count];
        var places = new int[series.Count];
        var count = 0;
        for (var place = 0; place < series.Count; place++)
        {
            if (numbers.TryGetValue(series[place], out found[count]))
            {
                places[count++] = place;
            }
        }

        Array.Sort(found, places, 0, count);
        return (found[..count], places[..count]);
    }

    /// <summary>Writes the series that are new.</summary>
    public void Persist(SqliteFile file, WireWriter encoded, WireWriter buffer)
    {
        for (; persisted < Count; persisted += Math.Min(RowLabels, Count - persisted))
        {
            var count = Math.Min(RowLabels, Count - persisted);
            encoded.Clear();
            LabelBlock.Write(encoded, buffer, Enumerable.Range(persisted, count).Select(number => index[number]), count);
            Insert(file, persisted, Crc32C.Of(encoded.Written, [persisted]), encoded.Written.ToArray());
        }
    }

    /// <summary>Takes over a row of another file, labels and numbers, where the numbers follow each other.</summary>
    public void TakeOver(SqliteFile file, long first, long crc, byte[] data)
    {
        if (Count == first)
        {
            var reader = new WireReader(data);
            Array.ForEach(LabelBlock.Read(ref reader), series => Add(series));
            Insert(file, first, crc, data);
            persisted = Count;
        }
    }

    private static void Insert(SqliteFile file, long first, long crc, byte[] data) =>
        file.Execute("INSERT INTO series VALUES ($first, $crc, $data)", ("$first", first), ("$crc", crc), ("$data", data));
}
