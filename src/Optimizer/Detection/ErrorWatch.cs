using System.Collections.Immutable;
using NetPulse.Optimizer.Detection.Detectors;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Optimizer.Detection;

/// <summary>Finds namespaces and nodes whose error counters grow, also where they have grown from their first minute on.</summary>
/// <remarks>
/// An error must have come in two readings at least, the later one lately. Nothing that was announced hides it: a rollout explains a change of traffic,
/// not packets that are dropped for lack of room.
/// </remarks>
public sealed class ErrorWatch(ISampleStore store)
{
    /// <summary>How far back is looked.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>Errors that have stopped for so long are over.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(20);

    private const int LeastIntervals = 2;

    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async Task<ImmutableArray<Anomaly>> FindAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var found = ImmutableArray.CreateBuilder<Anomaly>();
        foreach (var counter in ErrorCounters.All)
        {
            var bySubject = new Dictionary<Subject, List<TimeSeries>>();
            foreach (var selector in counter.Series)
            {
                foreach (var series in await store.ReadAsync(selector, TimeRange.Before(now, Window), cancellationToken))
                {
                    if (Subject.OfNamespace(series.Labels) is { } subject)
                    {
                        bySubject.TryAdd(subject, []);
                        bySubject[subject].Add(series);
                    }
                }
            }

            found.AddRange(bySubject.Select(pair => Growing(pair.Key, counter, pair.Value, now)).OfType<Anomaly>().OrderBy(anomaly => anomaly.Series, StringComparer.Ordinal));
        }

        return found.DrainToImmutable();
    }

    private static Anomaly? Growing(Subject subject, ErrorCounter counter, List<TimeSeries> all, DateTimeOffset now)
    {
        var grewAt = new SortedSet<long>();
        var (onset, total) = (long.MaxValue, 0.0);
        foreach (var series in all)
        {
            var times = series.UnixMilliseconds.Span;
            var values = series.Values.Span;
            for (var i = 1; i < times.Length; i++)
            {
                // A counter that fell has restarted.
                if (values[i] > values[i - 1])
                {
                    grewAt.Add(times[i]);
                    onset = Math.Min(onset, times[i - 1]);
                    total += values[i] - values[i - 1];
                }
            }
        }

        if (grewAt.Count < LeastIntervals || total < counter.LeastCount || now.ToUnixTimeMilliseconds() - grewAt.Max > Quiet.TotalMilliseconds)
        {
            return null;
        }

        var since = DateTimeOffset.FromUnixTimeMilliseconds(onset);
        var rate = total * 1000 / Math.Max(1000, grewAt.Max - onset);
        return new Anomaly(subject, counter.Signal, new Departure(Deviation.Rise, since, rate, new NormalRange(0, 0), (float)Math.Min(total / counter.LeastCount, 1000)));
    }
}
