using System.Collections.Immutable;

namespace NetPulse.Telemetry.Samples;

/// <summary>DNS as those who ask see it. Labels: node, namespace, workload, pod (who asks), peer_namespace, peer_workload, peer_pod (the resolver), protocol.</summary>
public static class DnsMetrics
{
    public static readonly MetricDefinition Queries = new("netpulse_dns_queries_total", MetricKind.Counter, "",
        "Queries sent to port 53, with those sent again.", "cgroup_skb/egress");

    public static readonly MetricDefinition Retries = new("netpulse_dns_retries_total", MetricKind.Counter, "",
        "Queries sent again, unanswered, with the same id on the same socket.", "cgroup_skb/egress");

    public static readonly MetricDefinition LookupDuration = new("netpulse_dns_lookup_duration_seconds", MetricKind.Histogram, "seconds",
        "From a query, the first time that it was sent, to its answer.", "cgroup_skb/egress, cgroup_skb/ingress");

    public static readonly MetricDefinition Responses = new("netpulse_dns_responses_total", MetricKind.Counter, "",
        "Answers by response code.", "cgroup_skb/ingress, RCODE of the header (RFC 1035, 4.1.1)");

    public static readonly MetricDefinition Timeouts = new("netpulse_dns_timeouts_total", MetricKind.Counter, "",
        "Queries without an answer for as long as dns.timeout since they were last sent.", "cgroup_skb/egress");

    public static readonly MetricDefinition Truncated = new("netpulse_dns_truncated_responses_total", MetricKind.Counter, "",
        "Answers that did not fit and say so: who asked will ask again over TCP.", "cgroup_skb/ingress, TC of the header");

    public static readonly MetricDefinition Unmatched = new("netpulse_dns_unmatched_responses_total", MetricKind.Counter, "",
        "Answers to nothing that waits: late, doubled or forged.", "cgroup_skb/ingress");

    public static readonly MetricDefinition Malformed = new("netpulse_dns_malformed_messages_total", MetricKind.Counter, "",
        "Messages too short for a header, or queries where answers belong.", "cgroup_skb/egress, cgroup_skb/ingress");

    public static readonly MetricDefinition Unfollowed = new("netpulse_dns_unfollowed_queries_total", MetricKind.Counter, "",
        "Queries whose answer cannot be recognized, because too many wait.", "cgroup_skb/egress");

    public static readonly ImmutableArray<MetricDefinition> All = [Queries, Retries, LookupDuration, Responses, Timeouts, Truncated, Unmatched, Malformed, Unfollowed];
}
