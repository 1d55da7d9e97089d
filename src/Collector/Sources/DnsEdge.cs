using NetPulse.Collector.Kernel;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Sources;

/// <summary>Who asks which resolver, over UDP or TCP.</summary>
internal sealed record DnsEdgeKey(WorkloadIdentity Owner, WorkloadIdentity Resolver, string Protocol);

/// <summary>What one edge counted since we began.</summary>
internal sealed class DnsEdge(DnsEdgeKey key, string node)
{
    /// <summary>By the number in the header, as the IANA registry "DNS RCODEs" writes them.</summary>
    private static readonly string[] ResponseCodes =
    [
        "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE", "DSOTYPENI", "12", "13", "14", "15",
    ];

    private readonly Dictionary<(string Metric, string Code), LabelSet> labels = [];
    private readonly HistogramSeries durations = new(Labels(DnsMetrics.LookupDuration, key, node, ""), DnsProgram.LatencyBounds);
    private readonly long[] responses = new long[DnsTable.Length];
    private long queries;
    private long retries;
    private long timeouts;
    private long truncated;
    private long unmatched;
    private long malformed;
    private long unfollowed;

    /// <summary>When it last counted anything.</summary>
    public DateTimeOffset LastUse { get; private set; }

    public void Add(in DnsCounters earlier, in DnsCounters later, DateTimeOffset now)
    {
        queries += (long)(later.Queries - earlier.Queries);
        retries += (long)(later.Retries - earlier.Retries);
        truncated += (long)(later.Truncated - earlier.Truncated);
        unmatched += (long)(later.Unmatched - earlier.Unmatched);
        malformed += (long)(later.Malformed - earlier.Malformed);
        unfollowed += (long)(later.Unfollowed - earlier.Unfollowed);
        for (var i = 0; i < DnsTable.Length; i++)
        {
            durations.AddCount(i, (long)(later.Latencies[i] - earlier.Latencies[i]));
            responses[i] += (long)(later.ResponseCodes[i] - earlier.ResponseCodes[i]);
        }

        durations.AddSum((later.LatencyNanoseconds - earlier.LatencyNanoseconds) / 1e9);
        LastUse = now;
    }

    public void CountTimeout(DateTimeOffset now)
    {
        timeouts++;
        LastUse = now;
    }

    public void Write(SampleWriter samples)
    {
        Write(samples, DnsMetrics.Queries, queries);
        Write(samples, DnsMetrics.Retries, retries);
        Write(samples, DnsMetrics.Timeouts, timeouts);
        Write(samples, DnsMetrics.Truncated, truncated);
        Write(samples, DnsMetrics.Unmatched, unmatched);
        Write(samples, DnsMetrics.Malformed, malformed);
        Write(samples, DnsMetrics.Unfollowed, unfollowed);
        samples.Write(DnsMetrics.LookupDuration, durations);
        for (var i = 0; i < DnsTable.Length; i++)
        {
            if (responses[i] != 0)
            {
                Write(samples, DnsMetrics.Responses, responses[i], ResponseCodes[i]);
            }
        }
    }

    private void Write(SampleWriter samples, MetricDefinition metric, long value, string code = "")
    {
        if (!labels.TryGetValue((metric.Name, code), out var series))
        {
            series = Labels(metric, key, node, code);
            labels.Add((metric.Name, code), series);
        }

        samples.Write(metric, series, value);
    }

    private static LabelSet Labels(MetricDefinition metric, DnsEdgeKey key, string node, string code) => LabelSet.Of(
        metric.Name,
        (LabelNames.Node, node),
        (LabelNames.Namespace, key.Owner.Namespace),
        (LabelNames.Workload, key.Owner.Workload),
        (LabelNames.Pod, key.Owner.Pod),
        (LabelNames.HostNetwork, EdgeLabels.HostNetworkOf(key.Owner)),
        (LabelNames.PeerNamespace, key.Resolver.Namespace),
        (LabelNames.PeerWorkload, key.Resolver.Workload),
        (LabelNames.PeerPod, key.Resolver.Pod),
        (LabelNames.Protocol, key.Protocol),
        (LabelNames.ResponseCode, code));
}
