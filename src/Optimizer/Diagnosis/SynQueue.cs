using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Handshakes of a pod or a node that is called.</summary>
/// <param name="Refused">SYNs that found no room in the SYN queue: dropped, or answered with a cookie.</param>
/// <param name="Completed">Connections that listeners accepted.</param>
/// <param name="CookiesAreOn">Whether a full queue is answered with cookies.</param>
/// <param name="Limit">net.ipv4.tcp_max_syn_backlog.</param>
public sealed record SynQueue(double? Refused, double? Completed, bool? CookiesAreOn, double? Limit)
{
    public double? CompletedShare => Completed / (Completed + Refused);

    public static SynQueue Of(SubjectEvidence evidence)
    {
        var own = evidence.Own;
        // Without cookies the last quarter of the queue is kept for known peers, and what is refused for that is only a drop (tcp_conn_request).
        var drops = own.Increase(NamespaceMetrics.ListenDrops) - own.Increase(NamespaceMetrics.ListenOverflows);
        return new SynQueue(
            Math.Max(drops ?? 0, own.Increase(NamespaceMetrics.RequestQueueDrops) ?? 0) + own.Increase(NamespaceMetrics.RequestQueueCookies),
            own.Increase(NamespaceMetrics.PassiveOpens),
            own.Sysctl("net.ipv4.tcp_syncookies") is { } cookies ? cookies != 0 : null,
            own.Sysctl("net.ipv4.tcp_max_syn_backlog"));
    }
}
