using System.Collections.Immutable;
using NetPulse.Optimizer.Detection.Detectors;
using NetPulse.Optimizer.Detection.Preparation;
using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Detection;

/// <summary>How and when a series left what was normal for it.</summary>
/// <param name="Deviation">To which side.</param>
/// <param name="Onset">Time of the first point outside.</param>
/// <param name="Now">Median of the latest five points outside.</param>
/// <param name="Usual">What would have been normal at the onset.</param>
/// <param name="Score">The highest since the onset; about one makes an event.</param>
public sealed record Departure(Deviation Deviation, DateTimeOffset Onset, double Now, NormalRange Usual, float Score);

/// <summary>What one look has of a series.</summary>
/// <param name="Key">Whose; one a look.</param>
/// <param name="Series">May overlap what was seen before: only points that are later than the last one are looked at.</param>
/// <param name="Announced">Times of changes that are learned, and neither begin nor end a departure.</param>
public readonly record struct SeriesLook<TKey>(TKey Key, TimeSeries Series, ImmutableArray<ChangeSpan> Announced);

/// <summary>What a restart needs of one series in a <see cref="DepartureWatch{TKey}"/>.</summary>
/// <param name="Detectors">As <see cref="SeriesBank.Save"/> wrote it.</param>
/// <param name="LastUnixMilliseconds">Of the last point that was looked at.</param>
/// <param name="Seen">Finite points so far.</param>
/// <param name="Usual">What would have been normal at the onset.</param>
/// <param name="OnsetUnixMilliseconds">Of the first point outside.</param>
/// <param name="Outside">Points outside, one after the other.</param>
/// <param name="HasAlerted">Whether one of them was an alert.</param>
/// <param name="Highest">Score of them.</param>
/// <param name="Latest">Values of the latest of them.</param>
public sealed record DepartureState(
    byte[] Detectors,
    long LastUnixMilliseconds,
    long Seen,
    NormalRange Usual,
    long OnsetUnixMilliseconds,
    int Outside,
    bool HasAlerted,
    float Highest,
    ImmutableArray<double> Latest);

/// <summary>Follows series of one kind, and says which have left what was normal for them and are still outside.</summary>
/// <remarks>
/// Each point is looked at once, by a <see cref="SeriesBank"/> that eight series share: a look goes through it in rounds, the first new point of each, the second, and so on,
/// so that series which are read at different times do not wait for each other. From the first point outside on, what was normal then is held against all later
/// ones, so that a lasting fault stays visible; an alert in between makes it a departure. What has lasted for a day is the new normal.
/// Fewer points than the warm-up have no answer, which is <see langword="null"/>.
/// </remarks>
public sealed class DepartureWatch<TKey>(SignalKind kind, Deviation side, DetectionOptions options)
    where TKey : notnull
{
    private const double ForgottenMilliseconds = 86_400_000;

    private readonly Dictionary<TKey, Place> places = [];
    private readonly List<Block> blocks = [];
    private readonly Stack<Place> free = [];

    public int Count => places.Count;

    public bool Contains(TKey key) => places.ContainsKey(key);

    /// <summary>Where a series is outside now.</summary>
    public Departure? Current(TKey key) => places.TryGetValue(key, out var place) ? place.Followed.Current(side, options.ConfirmingPoints) : null;

    /// <summary>Looks at the new points of series, known ones or not.</summary>
    /// <param name="looks">One a series.</param>
    /// <param name="now">No point counts as later than this: one series' wrong clock must not make the others in its block forget.</param>
    public void Observe(IEnumerable<SeriesLook<TKey>> looks, DateTimeOffset now)
    {
        foreach (var look in looks)
        {
            if (!places.TryGetValue(look.Key, out var place))
            {
                places[look.Key] = place = TakePlace();
            }

            var times = look.Series.UnixMilliseconds.Span;
            var first = times.BinarySearch(place.Followed.LastUnixMilliseconds);
            place.Block.Next[place.Lane] = first < 0 ? ~first : first + 1;
            place.Block.Looks[place.Lane] = look;
        }

        foreach (var block in blocks)
        {
            block.Play(side, options.WarmUpPoints, now.ToUnixTimeMilliseconds());
        }
    }

    /// <summary>What is known of every series, for a restart. What was not seen for a day before the latest is given up.</summary>
    public IEnumerable<(TKey Key, DepartureState State)> Save()
    {
        var latest = places.Count == 0 ? 0 : places.Values.Max(place => place.Followed.LastUnixMilliseconds);
        foreach (var (key, place) in places.Where(pair => (double)latest - pair.Value.Followed.LastUnixMilliseconds > ForgottenMilliseconds).ToList())
        {
            places.Remove(key);
            free.Push(place);
        }

        return places.Select(pair => (pair.Key, pair.Value.Followed.Save(pair.Value.Block.Bank.Save(pair.Value.Lane))));
    }

    /// <summary>Continues a series where <see cref="Save"/> was called.</summary>
    /// <exception cref="InvalidDataException">The detectors' state cannot be used; nothing is known of the series.</exception>
    public void Resume(TKey key, DepartureState state)
    {
        var place = TakePlace();
        try
        {
            place.Block.Bank.Restore(place.Lane, state.Detectors);
        }
        catch (InvalidDataException)
        {
            free.Push(place);
            throw;
        }

        place.Followed.Restore(state);
        places[key] = place;
    }

    private Place TakePlace()
    {
        if (!free.TryPop(out var place))
        {
            var block = new Block(new SeriesBank(kind, SeriesBank.SeriesPerBlock, options.FalseAlarmsPerDay, options.WarmUpPoints));
            blocks.Add(block);
            for (var lane = SeriesBank.SeriesPerBlock - 1; lane > 0; lane--)
            {
                free.Push(new Place(block, lane));
            }

            return new Place(block, 0);
        }

        place.Block.Bank.Clear(place.Lane);
        place.Block.Followed[place.Lane] = new Followed();
        return place;
    }

    private readonly record struct Place(Block Block, int Lane)
    {
        public Followed Followed => Block.Followed[Lane];
    }

    /// <summary>Series that share a bank, and what is still to be looked at of each.</summary>
    private sealed class Block(SeriesBank bank)
    {
        private long clock = long.MinValue;

        public SeriesBank Bank { get; } = bank;

        public Followed[] Followed { get; } = [.. Enumerable.Range(0, SeriesBank.SeriesPerBlock).Select(static _ => new Followed())];

        public SeriesLook<TKey>[] Looks { get; } = new SeriesLook<TKey>[SeriesBank.SeriesPerBlock];

        public int[] Next { get; } = new int[SeriesBank.SeriesPerBlock];

        public void Play(Deviation side, int warmUpPoints, long nowUnixMilliseconds)
        {
            Span<float> values = stackalloc float[SeriesBank.SeriesPerBlock];
            Span<bool> announced = stackalloc bool[SeriesBank.SeriesPerBlock];
            Span<float> low = stackalloc float[SeriesBank.SeriesPerBlock];
            Span<float> high = stackalloc float[SeriesBank.SeriesPerBlock];
            Span<float> raw = stackalloc float[SeriesBank.SeriesPerBlock];
            Span<float> gated = stackalloc float[SeriesBank.SeriesPerBlock];
            while (NextRound(values, announced, out var latest))
            {
                clock = Math.Max(clock + 1, Math.Min(latest, nowUnixMilliseconds));
                Bank.Normal(low, high);
                Bank.Observe(clock, values, announced, raw, gated);
                for (var lane = 0; lane < Looks.Length; lane++)
                {
                    if (Next[lane] < Looks[lane].Series?.Count)
                    {
                        var series = Looks[lane].Series;
                        var i = Next[lane]++;
                        Followed[lane].Take(series.UnixMilliseconds.Span[i], series.Values.Span[i], announced[lane], new NormalRange(low[lane], high[lane]), raw[lane], Bank.IsAlert(lane), side, warmUpPoints);
                    }
                }
            }

            Array.Clear(Looks);
        }

        /// <summary>The next point of each series that has one.</summary>
        private bool NextRound(Span<float> values, Span<bool> announced, out long latest)
        {
            latest = long.MinValue;
            for (var lane = 0; lane < Looks.Length; lane++)
            {
                (values[lane], announced[lane]) = (float.NaN, false);
                if (Next[lane] < Looks[lane].Series?.Count)
                {
                    var at = Looks[lane].Series.UnixMilliseconds.Span[Next[lane]];
                    latest = Math.Max(latest, at);
                    values[lane] = (float)Looks[lane].Series.Values.Span[Next[lane]];
                    foreach (var span in Looks[lane].Announced)
                    {
                        announced[lane] |= at >= span.From.ToUnixTimeMilliseconds() && at <= span.To.ToUnixTimeMilliseconds();
                    }
                }
            }

            return latest != long.MinValue;
        }
    }
}
