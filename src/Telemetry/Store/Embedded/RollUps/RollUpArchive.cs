using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store.Embedded.RollUps;

/// <summary>The files of roll-ups of one length: those of five minutes one a day, those of an hour one a month.</summary>
internal sealed class RollUpArchive : IDisposable
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<DateOnly, RollUpFile> files = [];
    private readonly StoreDirectory directory;
    private readonly DamagedFiles damaged;
    private readonly int keptDays;

    /// <exception cref="SampleStoreException">A file could not be read although it is not damaged.</exception>
    public RollUpArchive(StoreDirectory directory, DamagedFiles damaged, RollUpLength length, TimeSpan age)
    {
        this.directory = directory;
        this.damaged = damaged;
        Length = length;
        keptDays = (int)Math.Ceiling(age.TotalDays);
        foreach (var begin in directory.RollUpFiles(length))
        {
            var path = directory.RollUpFile(length, begin);
            try
            {
                files.Add(begin, RollUpFile.Open(path, length));
            }
            catch (InvalidDataException e)
            {
                damaged.SetAside(path, e);
            }
        }
    }

    public RollUpLength Length { get; }

    /// <summary>The days that are rolled up, each with the number of the last log segment that was.</summary>
    public IReadOnlyDictionary<DateOnly, long> Days()
    {
        lock (gate)
        {
            return files.Values.SelectMany(static file => file.Days).ToDictionary();
        }
    }

    /// <summary>Whether the day's samples up to that segment are rolled up.</summary>
    public bool Has(DateOnly day, long segment) => Find(day) is { } file && file.Days.TryGetValue(day, out var rolled) && rolled == segment;

    /// <summary>Begins to write a day, in place of what is there of it.</summary>
    /// <exception cref="SampleStoreException">The disk refused.</exception>
    public RollUpFile.Addition Add(DateOnly day, long segment)
    {
        lock (gate)
        {
            var begin = BeginOf(day);
            if (!files.TryGetValue(begin, out var file))
            {
                file = RollUpFile.Create(directory.RollUpFile(Length, begin), Length);
                files.Add(begin, file);
            }

            return file.Add(day, segment);
        }
    }

    /// <summary>The series that match and have roll-ups in the day's file.</summary>
    /// <exception cref="SampleStoreException">A file could not be read although it is not damaged.</exception>
    public void Select(DateOnly day, SeriesSelector selector, Action<LabelSet> found) => Use(day, file => file.Select(selector, found));

    /// <summary>Reads a day's roll-ups of some series.</summary>
    /// <exception cref="SampleStoreException">A file could not be read although it is not damaged.</exception>
    public void Read(DateOnly day, Func<SeriesTable, int[]> choice, bool withSketches, Action<LabelSet, RollUp[]> found, CancellationToken cancellationToken) =>
        Use(day, file => file.Read(day, choice, withSketches, found, cancellationToken));

    /// <summary>Takes a damaged file out of use: what there are samples of is rolled up again.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void SetAside(RollUpFile file, InvalidDataException why)
    {
        if (Forget(file))
        {
            damaged.SetAside(file.Path, why);
        }
    }

    /// <summary>As <see cref="SetAside(RollUpFile, InvalidDataException)"/>, of the file in which the day is.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void SetAside(DateOnly day, InvalidDataException why)
    {
        if (Find(day) is { } file)
        {
            SetAside(file, why);
        }
    }

    public IEnumerable<StoredFile> Files() =>
        Snapshot().Where(static file => file.Days.Count > 0).Select(static file => StoredFile.Of(file.Path, file.Days.Keys.Max()));

    /// <summary>Deletes the files whose days are all older than is kept, and as many newer days as are kept are there: a clock that is years ahead does not empty the store.</summary>
    /// <param name="today">The present day.</param>
    /// <param name="surplus">Files that go whatever their age.</param>
    /// <returns>The deleted files.</returns>
    /// <exception cref="IOException">The disk refused.</exception>
    public IReadOnlyList<string> DropExpired(DateOnly today, IReadOnlySet<string> surplus)
    {
        List<RollUpFile> expired = [];
        lock (gate)
        {
            var newer = 0;
            foreach (var file in files.Values.Reverse())
            {
                if (surplus.Contains(file.Path) || (newer >= keptDays && file.Days.Keys.All(day => day < today.AddDays(-keptDays))))
                {
                    expired.Add(file);
                }

                newer += file.Days.Count;
            }
        }

        foreach (var file in expired)
        {
            Forget(file);
            File.Delete(file.Path);
        }

        return [.. expired.Select(static file => file.Path)];
    }

    /// <summary>Frees what queries brought into memory.</summary>
    public void Unload()
    {
        foreach (var file in Snapshot())
        {
            file.Unload();
        }
    }

    public void Dispose()
    {
        foreach (var file in Snapshot())
        {
            file.Dispose();
        }
    }

    private List<RollUpFile> Snapshot()
    {
        lock (gate)
        {
            return [.. files.Values];
        }
    }

    private DateOnly BeginOf(DateOnly day) => Length == RollUpLength.Hour ? new DateOnly(day.Year, day.Month, 1) : day;

    private RollUpFile? Find(DateOnly day)
    {
        lock (gate)
        {
            return files.GetValueOrDefault(BeginOf(day));
        }
    }

    /// <summary>Reads the day's file. One that turns out damaged is set aside, and answers nothing.</summary>
    private void Use(DateOnly day, Action<RollUpFile> read)
    {
        if (Find(day) is not { } file)
        {
            return;
        }

        try
        {
            read(file);
        }
        catch (InvalidDataException e)
        {
            SetAside(file, e);
        }
    }

    private bool Forget(RollUpFile file)
    {
        lock (gate)
        {
            var known = files.FirstOrDefault(one => ReferenceEquals(one.Value, file));
            if (known.Value is null)
            {
                return false;
            }

            files.Remove(known.Key);
        }

        file.Dispose();
        return true;
    }
}
