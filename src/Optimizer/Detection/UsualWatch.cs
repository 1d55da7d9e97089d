using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using NetPulse.Optimizer.Detection.Preparation;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Optimizer.Detection;

/// <summary>What a restart needs of one series.</summary>
/// <param name="WarmUpPoints">With which it was learned.</param>
public sealed record SubjectMemory(Subject Subject, Signal Signal, int WarmUpPoints, DepartureState State);

/// <summary>Follows what is usual up to a point and trouble beyond it: segments sent again, dropped packets, failed and slow names.</summary>
/// <remarks>
/// Counts are sparse (<see cref="SignalKind.Count"/>). A counter that is not there yet stands at zero while others of its reading are there, so the first drop
/// of a pod has a past to be compared with. What leaves its usual range is an alert and part of an incident; causes are looked for by what is wrong in itself
/// (<see cref="ErrorWatch"/>, <see cref="ShapeWatch"/>).
/// </remarks>
public sealed class UsualWatch(ISampleStore store, IOptions<DetectionOptions> options)
{
    /// <summary>How far back is read after the first look: three readings where they are furthest apart.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(15);

    /// <summary>Classes of drops that are somebody's rule or a protocol's ordinary course.</summary>
    private static readonly ImmutableHashSet<string> Intended = ["policy", "protocol"];

    private static readonly ImmutableHashSet<string> FailedAnswers = ["SERVFAIL", "REFUSED"];

    private readonly Dictionary<Signal, DepartureWatch<Subject>> watches = new[] { Signal.Retransmits, Signal.PacketDrops, Signal.DnsFailures, Signal.DnsAnswerTime }
        .ToDictionary(static signal => signal, signal => new DepartureWatch<Subject>(KindOf(signal), Deviation.Rise, options.Value));

    private bool hasLooked;

    /// <summary>Series that are followed.</summary>
    public int Count => watches.Values.Sum(static watch => watch.Count);

    /// <summary>What has risen beyond its usual range. A point is looked at once.</summary>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async Task<ImmutableArray<Anomaly>> FindAsync(DateTimeOffset now, Announcements announcements, CancellationToken cancellationToken)
    {
        var range = TimeRange.Before(now, hasLooked && Overlap < options.Value.Window ? Overlap : options.Value.Window);
        var found = ImmutableArray.CreateBuilder<Anomaly>();

        Look(Signal.Retransmits, Rates(await ReadAsync(TcpMetrics.Retransmits.Name), [], static labels => new Subject.OfEdge(Edge.Of(labels))));

        var drops = (await ReadAsync(DropMetrics.Packets.Name)).Where(series => !Intended.Contains(series.Labels[LabelNames.Class]));
        Look(Signal.PacketDrops, Rates(drops, await ReadAsync(NamespaceMetrics.TimeWaitSockets.Name), Subject.OfNamespace));

        var failures = (await ReadAsync(DnsMetrics.Responses.Name)).Where(series => FailedAnswers.Contains(series.Labels[LabelNames.ResponseCode]));
        Look(Signal.DnsFailures, Rates(failures.Concat(await ReadAsync(DnsMetrics.Timeouts.Name)), await ReadAsync(DnsMetrics.Queries.Name), Subject.OfNamespace));

        var seconds = Rates(await ReadAsync($"{DnsMetrics.LookupDuration.Name}_sum"), [], Subject.OfNamespace);
        var answers = Rates(await ReadAsync($"{DnsMetrics.LookupDuration.Name}_count"), [], Subject.OfNamespace).ToDictionary(pair => pair.Subject, pair => pair.Rates);
        Look(Signal.DnsAnswerTime, seconds.Where(pair => answers.ContainsKey(pair.Subject)).Select(pair => (pair.Subject, Quotients(pair.Rates, answers[pair.Subject]))));

        hasLooked = true;
        return found.DrainToImmutable();

        ValueTask<IReadOnlyList<TimeSeries>> ReadAsync(string metric) => store.ReadAsync(SeriesSelector.Of(metric), range, cancellationToken);

        void Look(Signal signal, IEnumerable<(Subject Subject, TimeSeries Rates)> all)
        {
            var subjects = all.OrderBy(pair => pair.Subject.ToString(), StringComparer.Ordinal).ToList();
            watches[signal].Observe(subjects.Select(pair => new SeriesLook<Subject>(pair.Subject, pair.Rates, announcements.Of(pair.Subject))), now);
            found.AddRange(from pair in subjects
                           let departure = watches[signal].Current(pair.Subject)
                           where departure is not null
                           select new Anomaly(pair.Subject, signal, departure));
        }
    }

    /// <summary>What is known of every series, for a restart, but for those that were not seen for a day.</summary>
    public IReadOnlyList<SubjectMemory> Save() =>
        [.. watches.SelectMany(watch => watch.Value.Save().Select(each => new SubjectMemory(each.Key, watch.Key, options.Value.WarmUpPoints, each.State)))];

    /// <summary>Takes up what <see cref="Save"/> returned, but for what was learned with another warm-up.</summary>
    /// <exception cref="InvalidDataException">A series' state cannot be used.</exception>
    public void Resume(IEnumerable<SubjectMemory> memories)
    {
        foreach (var memory in memories.Where(memory => memory.WarmUpPoints == options.Value.WarmUpPoints))
        {
            var watch = watches.GetValueOrDefault(memory.Signal) ?? throw new InvalidDataException($"the signal {memory.Signal} is not watched for its usual range; remove the state, and it is learned anew");
            watch.Resume(memory.Subject, memory.State);
        }
    }

    private static SignalKind KindOf(Signal signal) => signal == Signal.DnsAnswerTime ? SignalKind.Latency : SignalKind.Count;

    /// <summary>The counters of each subject, added up, as rates per second.</summary>
    /// <param name="companions">Read together with the counters: where one is and no counter grew, the rate is zero. The counters themselves when there are none.</param>
    private static List<(Subject Subject, TimeSeries Rates)> Rates(IEnumerable<TimeSeries> counters, IReadOnlyList<TimeSeries> companions, Func<LabelSet, Subject?> subjectOf)
    {
        var bySubject = counters.Where(series => series.Count > 0 && subjectOf(series.Labels) is not null).ToLookup(series => subjectOf(series.Labels)!);
        var times = companions.Where(series => series.Count > 0 && subjectOf(series.Labels) is not null).ToLookup(series => subjectOf(series.Labels)!);
        var rates = new List<(Subject, TimeSeries)>();
        foreach (var subject in bySubject.Select(group => group.Key).Union(times.Select(group => group.Key)))
        {
            var readings = (times.Contains(subject) ? times[subject] : bySubject[subject]).SelectMany(series => series.UnixMilliseconds.ToArray()).Distinct().Order().ToArray();
            if (readings.Length > 1)
            {
                rates.Add((subject, Sum(readings, bySubject[subject])));
            }
        }

        return rates;
    }

    private static TimeSeries Sum(long[] readings, IEnumerable<TimeSeries> counters)
    {
        var gaps = readings.Zip(readings.Skip(1), (earlier, later) => later - earlier).Order().ToArray();
        var longestGap = TimeSpan.FromMilliseconds(gaps[gaps.Length / 2] * 3);
        var at = new List<long>();
        for (var i = 1; i < readings.Length; i++)
        {
            if (readings[i] - readings[i - 1] <= longestGap.TotalMilliseconds)
            {
                at.Add(readings[i]);
            }
        }

        var sums = new double[at.Count];
        foreach (var counter in counters)
        {
            var rate = CounterRate.Of(counter, longestGap);
            for (var i = 0; i < rate.Count; i++)
            {
                var place = at.BinarySearch(rate.UnixMilliseconds.Span[i]);
                if (place >= 0)
                {
                    sums[place] += rate.Values.Span[i];
                }
            }
        }

        return new TimeSeries(LabelSet.Of("rate"), at.ToArray(), sums);
    }

    /// <summary>Seconds an answer; NaN where none came.</summary>
    private static TimeSeries Quotients(TimeSeries seconds, TimeSeries answers)
    {
        var values = new double[seconds.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var place = answers.UnixMilliseconds.Span.BinarySearch(seconds.UnixMilliseconds.Span[i]);
            values[i] = place >= 0 && answers.Values.Span[place] > 0 ? seconds.Values.Span[i] / answers.Values.Span[place] : double.NaN;
        }

        return new TimeSeries(seconds.Labels, seconds.UnixMilliseconds, values);
    }
}
