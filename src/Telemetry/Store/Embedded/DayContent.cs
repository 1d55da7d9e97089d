namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>What is known of a day file's content without its samples.</summary>
internal sealed class DayContent(SeriesTable series)
{
    private readonly List<List<ChunkRow>> parts = [];

    /// <summary>Numbers here by the log's, to look up a series' labels once and not with every flush.</summary>
    private int[] translations = [];
    private SeriesCatalog? translated;

    public SeriesTable Series { get; } = series;

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
            number = Series.NumberOf(catalog[inCatalog]);
        }

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
