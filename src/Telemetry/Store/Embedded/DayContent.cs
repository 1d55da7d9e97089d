using Microsoft.Data.Sqlite;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>A row of a day file, without its data.</summary>
/// <param name="Id">Ascending in the order of writing.</param>
/// <param name="Part">Which group of series.</param>
/// <param name="First">Earliest time.</param>
/// <param name="Last">Latest time.</param>
/// <param name="Samples">Of all series.</param>
/// <param name="Series">How many have samples in it.</param>
/// <param name="Crc">CRC-32C of all the others and the data.</param>
internal readonly record struct ChunkRow(long Id, int Part, long First, long Last, int Samples, int Series, uint Crc)
{
    /// <summary>Samples a series, on average, below which a row is joined with others soon.</summary>
    private const int ShortSamples = 96;

    /// <summary>Samples a series, on average, from which a row is never written again.</summary>
    private const int FullSamples = 1024;

    public bool IsShort => Samples < (long)Series * ShortSamples;

    public bool IsFull => Samples >= (long)Series * FullSamples;

    /// <summary>A number that tells this row from others.</summary>
    public long Digest => unchecked((long)((ulong)Crc32C.Of([], [Id, Part, First, Last, Samples, Series, Crc]) * 0x9e37_79b9_7f4a_7c15));

    public static ChunkRow Of(long id, int part, long first, long last, int samples, int series, ReadOnlySpan<byte> data) =>
        new(id, part, first, last, samples, series, Crc32C.Of(data, [id, part, first, last, samples, series]));

    /// <summary>From the first seven columns of the table.</summary>
    public static ChunkRow Read(SqliteDataReader row) => checked(
        new ChunkRow(row.GetInt64(0), (int)row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), (int)row.GetInt64(4), (int)row.GetInt64(5), (uint)row.GetInt64(6)));

    public bool Fits(ReadOnlySpan<byte> data) => Of(Id, Part, First, Last, Samples, Series, data).Crc == Crc;
}

/// <summary>What is known of a day file's content without its samples.</summary>
internal sealed class DayContent
{
    private readonly Dictionary<LabelSet, int> numbers = [];
    private readonly List<List<ChunkRow>> parts = [];

    /// <summary>Numbers here by the log's, to look up a series' labels once and not with every flush.</summary>
    private int[] translations = [];
    private SeriesCatalog? translated;

    public LabelIndex Index { get; } = new();

    public int RowCount { get; private set; }

    /// <summary>Of all rows, whatever their order.</summary>
    public long Digest { get; private set; }

    public long NextId { get; private set; } = 1;

    /// <summary>The number of a series of the log's, a new one when it has none.</summary>
    public int NumberOf(SeriesCatalog catalog, int inCatalog)
    {
        if (catalog != translated)
        {
            (translated, translations) = (catalog, []);
        }

        if (inCatalog >= translations.Length)
        {
            var known = translations.Length;
            Array.Resize(ref translations, Math.Max(inCatalog + 1, catalog.Count));
            translations.AsSpan(known).Fill(-1);
        }

        ref var number = ref translations[inCatalog];
        if (number < 0)
        {
            var series = catalog[inCatalog];
            number = numbers.TryGetValue(series, out var known) ? known : AddSeries(series);
        }

        return number;
    }

    public int AddSeries(LabelSet series)
    {
        var number = Index.Add(series);
        numbers[series] = number;
        return number;
    }

    /// <summary>Rows of a group of series, oldest first.</summary>
    public IReadOnlyList<ChunkRow> Rows(int part) => part < parts.Count ? parts[part] : [];

    public void Add(ChunkRow row)
    {
        while (parts.Count <= row.Part)
        {
            parts.Add([]);
        }

        parts[row.Part].Add(row);
        NextId = Math.Max(NextId, row.Id + 1);
        RowCount++;
        Digest ^= row.Digest;
    }

    public void Remove(ChunkRow row)
    {
        parts[row.Part].Remove(row);
        RowCount--;
        Digest ^= row.Digest;
    }
}
