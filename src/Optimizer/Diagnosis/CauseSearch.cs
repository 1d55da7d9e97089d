using System.Collections.Immutable;
using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Collects what both ends measured and asks every rule.</summary>
public sealed class CauseSearch(ISampleStore store, IEnumerable<ICauseRule> rules)
{
    /// <summary>Evidence older than this says little about now.</summary>
    private static readonly TimeSpan LongestRange = TimeSpan.FromMinutes(1);

    /// <summary>What an application does usually.</summary>
    private static readonly TimeSpan LatelyRange = TimeSpan.FromMinutes(5);

    /// <summary>Readings of less time than this after a change explain nothing.</summary>
    private static readonly TimeSpan LeastAfterChange = TimeSpan.FromSeconds(8);

    /// <summary>Every proven cause of each subject, the likeliest first, in the order of the anomalies; <see cref="Cause.Unknown"/> where none is proven.</summary>
    /// <param name="anomalies">What is to be explained.</param>
    /// <param name="traffic">Every edge's.</param>
    /// <param name="changedAt">When we last changed something at a subject: what was measured before says nothing of what holds now.</param>
    /// <param name="now">End of what is looked at.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async Task<ImmutableArray<Finding>> ExplainAsync(
        ImmutableArray<Anomaly> anomalies, ImmutableArray<EdgeTraffic> traffic, Func<Subject, DateTimeOffset?> changedAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var findings = ImmutableArray.CreateBuilder<Finding>();
        foreach (var ofSubject in anomalies.GroupBy(anomaly => anomaly.Subject).Where(ofSubject => changedAt(ofSubject.Key) is not { } changed || now - changed >= LeastAfterChange))
        {
            findings.AddRange(Judge(await MeasureAsync([.. ofSubject], traffic, changedAt(ofSubject.Key), now, cancellationToken)));
        }

        return findings.DrainToImmutable();
    }

    /// <summary>What was measured at a pod or node lately, whether or not anything is wrong.</summary>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async Task<SubjectEvidence> LookAsync(Subject subject, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var range = TimeRange.Before(now, LongestRange);
        var own = await ReadingsAsync(subject.Owner, subject.Node, range, cancellationToken);
        return new SubjectEvidence
        {
            Subject = subject,
            Range = range,
            Onset = now,
            Own = own,
            Node = subject is Subject.OfNode ? own : await ReadingsAsync(WorkloadIdentity.Host, subject.Node, range, cancellationToken),
        };
    }

    /// <summary>Errors before shapes, then what explains more, then what is proven better.</summary>
    private IEnumerable<Finding> Judge(SubjectEvidence measured)
    {
        var judgements = rules.Select(rule => rule.Judge(measured)).OfType<Judgement>().ToList();
        var proven = judgements.Select(judgement => judgement.Finding).OfType<Finding>()
            .OrderByDescending(finding => finding.Strength).ThenByDescending(finding => finding.Explains).ThenByDescending(finding => finding.Confidence).ToList();
        return proven.Count > 0
            ? proven
            : [new Finding(Cause.Unknown, "no cause that we know is proven", "", 0, [.. judgements.Select(AgainstIt).OfType<Evidence>().Distinct()], measured)];
    }

    /// <summary>Of each cause the first thing that was measured and speaks against it; what was not measured tells nobody anything.</summary>
    private static Evidence? AgainstIt(Judgement judgement) => judgement.Refutation.FirstOrDefault(piece => piece.Holds == false);

    private async Task<SubjectEvidence> MeasureAsync(
        ImmutableArray<Anomaly> anomalies, ImmutableArray<EdgeTraffic> traffic, DateTimeOffset? changedAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var subject = anomalies[0].Subject;
        // A departure tells when it began; a shape only that it holds now.
        var onset = anomalies.Where(anomaly => anomaly.Signal is Signal.Throughput or Signal.RoundTripTime).Select(anomaly => (DateTimeOffset?)anomaly.Departure.Onset).Min()
            ?? anomalies.Min(anomaly => anomaly.Departure.Onset);
        var range = new TimeRange(new[] { onset, changedAt ?? onset, now - LongestRange }.Max(), now);
        var own = await ReadingsAsync(subject.Owner, subject.Node, range, cancellationToken);
        var evidence = new SubjectEvidence
        {
            Subject = subject,
            Range = range,
            Onset = onset,
            Own = own,
            Node = subject is Subject.OfNode ? own : await ReadingsAsync(WorkloadIdentity.Host, subject.Node, range, cancellationToken),
        };
        if (subject is not Subject.OfEdge { Edge: var edge })
        {
            return evidence;
        }

        var peer = edge.Peer.Pod.Length == 0 ? Readings.None : await ReadingsAsync(edge.Peer, "", range, cancellationToken);
        var peerNode = peer.Node.Length == 0 ? Readings.None : peer.Node == subject.Node ? evidence.Node : await ReadingsAsync(WorkloadIdentity.Host, peer.Node, range, cancellationToken);
        evidence = evidence with { Peer = peer, PeerNode = peerNode };
        var usual = anomalies.FirstOrDefault(anomaly => anomaly.Signal == Signal.Throughput)?.Departure.Usual;
        return traffic.FirstOrDefault(each => each.Edge == edge) is { } ofEdge
            ? evidence with
            {
                Connections = ConnectionEvidence.Of(ofEdge, usual, onset, range, own, peer) with
                {
                    UsuallyNotSentBytes = await UsuallyNotSentAsync(edge, now, cancellationToken),
                    WidestWindowBytes = await WidestWindowAsync(edge, now, cancellationToken),
                },
            }
            : evidence;
    }

    private async Task<double?> UsuallyNotSentAsync(Edge edge, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var waited = (await store.ReadAsync(edge.Select(TcpMetrics.NotSent), TimeRange.Before(now, LatelyRange), cancellationToken)).SelectMany(series => series.Values.ToArray()).Order().ToList();
        return waited.Count == 0 ? null : waited[waited.Count / 4];
    }

    private async Task<double?> WidestWindowAsync(Edge edge, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var lately = TimeRange.Before(now, LatelyRange);
        var windows = await store.ReadAsync(edge.Select(TcpMetrics.CongestionWindow), lately, cancellationToken);
        var thresholds = await store.ReadAsync(edge.Select(TcpMetrics.SlowStartThreshold), lately, cancellationToken);
        return windows.Concat(thresholds).SelectMany(series => series.Values.ToArray()).Select(value => (double?)value).Max();
    }

    /// <param name="identity">A pod, or the node's own namespace.</param>
    /// <param name="node">Where; a pod may be on any when this is empty.</param>
    /// <param name="range">When.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    private async Task<Readings> ReadingsAsync(WorkloadIdentity identity, string node, TimeRange range, CancellationToken cancellationToken)
    {
        var matchers = ImmutableArray.CreateBuilder<LabelMatcher>();
        matchers.Add(new LabelMatcher(LabelNames.Namespace, MatchKind.Equal, identity.Namespace));
        matchers.Add(new LabelMatcher(LabelNames.Pod, MatchKind.Equal, identity.Pod));
        if (node.Length > 0)
        {
            matchers.Add(new LabelMatcher(LabelNames.Node, MatchKind.Equal, node));
        }

        if (identity.Pod.Length == 0)
        {
            // Its own namespace's, and what is nobody's in particular; not other namespaces that are no pod's.
            matchers.Add(new LabelMatcher(LabelNames.Workload, MatchKind.Pattern, $"|{WorkloadIdentity.Host.Workload}"));
            matchers.Add(new LabelMatcher(LabelNames.PeerWorkload, MatchKind.Equal, ""));
        }

        return new Readings(await store.ReadAsync(new SeriesSelector(matchers.DrainToImmutable()), range, cancellationToken));
    }
}
