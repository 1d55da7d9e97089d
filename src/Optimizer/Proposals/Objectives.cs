using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Proposals;

/// <summary>What changes are judged by, beside an edge's throughput (<see cref="Objective.Throughput"/>).</summary>
internal static class Objectives
{
    private const double HalfOfIt = 2;

    /// <summary>Fewer errors among as many events count as none.</summary>
    private const double LeastShare = 0.002;

    private const double LeastPerSecond = 0.2;

    /// <summary>Share of an error among all that could have been one.</summary>
    /// <param name="name">As people say it.</param>
    /// <param name="subject">Whose.</param>
    /// <param name="error">Counter of the error.</param>
    /// <param name="successes">Counters of what went well.</param>
    public static Objective Share(string name, Subject subject, SeriesSelector error, params ReadOnlySpan<SeriesSelector> successes) =>
        new(name, "", subject, Measure.ShareOf(error, [error, .. successes]), Better.Lower, HalfOfIt, LeastShare, []);

    public static Objective ErrorRate(string name, Subject subject, params ReadOnlySpan<SeriesSelector> errors) =>
        new(name, "1/s", subject, Measure.RateOf(errors), Better.Lower, HalfOfIt, LeastPerSecond, []);

    public static Objective DatagramLoss(Subject subject) => Share(
        "datagrams lost for lack of buffer", subject, subject.SelectAtOwner(NamespaceMetrics.UdpReceiveBufferErrors), subject.SelectAtOwner(NamespaceMetrics.UdpInDatagrams));

    /// <summary>Payload per time in which some was under way: how fast a burst is through.</summary>
    public static Objective RateWhileBusy(Edge edge) => Objective.Throughput(edge) with
    {
        Name = "throughput while busy",
        Measure = Measure.ShareOf(edge.Select(TcpMetrics.IoBytes, LabelNames.Transmit), edge.Select(TcpMetrics.BusySeconds)),
        LeastGain = 1.2,
    };

    /// <summary>Time under way per segment: what waits for timers makes it long.</summary>
    public static Objective TimePerSegment(Edge edge) => new(
        "time under way per segment", "s", new Subject.OfEdge(edge),
        Measure.ShareOf(edge.Select(TcpMetrics.BusySeconds), edge.Select(TcpMetrics.Segments, LabelNames.Transmit)), Better.Lower, 1.3, 1e-5,
        [
            new GuardMetric("sent again in vain", "", Measure.ShareOf(edge.Select(TcpMetrics.SpuriousRetransmits), edge.Select(TcpMetrics.Segments, LabelNames.Transmit)), WorstRatio: 1, WorstIncrease: 0.01),
        ]);

    public static Objective RoundTripTime(Edge edge) => new(
        "round-trip time", "s", new Subject.OfEdge(edge), Measure.GaugeOf(edge.Select(TcpMetrics.SmoothedRtt)), Better.Lower, 1.3, 1e-4, [Throughput(edge, 0.8)]);

    public static Objective NotSent(Edge edge) => new(
        "bytes that wait to be sent", "bytes", new Subject.OfEdge(edge), Measure.GaugeOf(edge.Select(TcpMetrics.NotSent)), Better.Lower, HalfOfIt, 1024, [Throughput(edge, 0.8)]);

    /// <summary>The throughput of an edge whose congestion control is another from then on: it may lose more than before, but not many times as much.</summary>
    public static Objective ThroughputUnderLoss(Edge edge) => Objective.Throughput(edge) with
    {
        Guards =
        [
            new GuardMetric("round-trip time", "s", Measure.GaugeOf(edge.Select(TcpMetrics.SmoothedRtt)), WorstRatio: 2, WorstIncrease: 0.01),
            new GuardMetric(
                "retransmitted", "", Measure.ShareOf(edge.Select(TcpMetrics.Retransmits), edge.Select(TcpMetrics.Segments, LabelNames.Transmit)), WorstRatio: 3, WorstIncrease: 0.03),
        ],
    };

    /// <summary>The throughput of an edge on which next to nothing moves: its round trips are those of an empty path, and only grow once it carries something.</summary>
    public static Objective ThroughputFromStandstill(Edge edge) => Objective.Throughput(edge) with
    {
        Guards =
        [
            new GuardMetric(
                "retransmitted", "", Measure.ShareOf(edge.Select(TcpMetrics.Retransmits), edge.Select(TcpMetrics.Segments, LabelNames.Transmit)), WorstRatio: 1, WorstIncrease: 0.02),
        ],
    };

    private static GuardMetric Throughput(Edge edge, double least) =>
        new("throughput", "bytes/s", Measure.RateOf(edge.Select(TcpMetrics.IoBytes, LabelNames.Transmit)), WorstRatio: 1 / least, WorstIncrease: 0) { Better = Better.Higher };
}
