using NetPulse.Collector.Kernel;

namespace NetPulse.Collector.Tests.Kernel;

/// <summary>Our structs lie in memory as the built object's BTF says.</summary>
public sealed class MirrorTests
{
    [Fact]
    public void The_key_of_an_edge_lies_as_in_the_object() => BtfLayout.AssertMirrors<EdgeKey>(
        "tcp.bpf.o",
        "edge_key",
        ("cgroup", nameof(EdgeKey.Cgroup)),
        ("netns_cookie", nameof(EdgeKey.NamespaceCookie)),
        ("peer", nameof(EdgeKey.Peer)),
        ("netns_inode", nameof(EdgeKey.NamespaceInode)),
        ("server_port", nameof(EdgeKey.ServerPort)),
        ("role", nameof(EdgeKey.Role)),
        ("protocol", nameof(EdgeKey.Protocol)));

    [Fact]
    public void Counters_lie_as_in_the_object() => BtfLayout.AssertMirrors<TcpCounters>(
        "tcp.bpf.o",
        "tcp_counters",
        ("bytes_sent", nameof(TcpCounters.PayloadSentBytes)),
        ("bytes_retrans", nameof(TcpCounters.RetransmittedBytes)),
        ("bytes_received", nameof(TcpCounters.PayloadReceivedBytes)),
        ("segs_out", nameof(TcpCounters.SegmentsOut)),
        ("segs_in", nameof(TcpCounters.SegmentsIn)),
        ("segs_retrans", nameof(TcpCounters.SegmentsRetransmitted)),
        ("dsacks", nameof(TcpCounters.DuplicatesReported)),
        ("reorderings", nameof(TcpCounters.Reorderings)),
        ("busy", nameof(TcpCounters.BusyJiffies)),
        ("rwnd_limited", nameof(TcpCounters.ReceiveWindowLimitedJiffies)),
        ("sndbuf_limited", nameof(TcpCounters.SendBufferLimitedJiffies)));

    [Fact]
    public void The_row_of_an_edge_lies_as_in_the_object() => BtfLayout.AssertMirrors<TcpEdgeRow>(
        "tcp.bpf.o",
        "tcp_edge",
        ("counters", nameof(TcpEdgeRow.Counters)),
        ("closed", nameof(TcpEdgeRow.Closed)),
        ("resets_sent", nameof(TcpEdgeRow.ResetsSent)),
        ("resets_received", nameof(TcpEdgeRow.ResetsReceived)),
        ("srtt_sum", nameof(TcpEdgeRow.SmoothedRttSum)),
        ("min_rtt_sum", nameof(TcpEdgeRow.MinimumRttSum)),
        ("connect_sum", nameof(TcpEdgeRow.ConnectSum)),
        ("failures", nameof(TcpEdgeRow.Failures)),
        ("srtt", nameof(TcpEdgeRow.SmoothedRtt)),
        ("min_rtt", nameof(TcpEdgeRow.MinimumRtt)),
        ("connect", nameof(TcpEdgeRow.Connect)),
        ("states", nameof(TcpEdgeRow.States)),
        ("fold", nameof(TcpEdgeRow.Fold)),
        ("open", nameof(TcpEdgeRow.Open)),
        ("rtt_measured", nameof(TcpEdgeRow.RttMeasured)),
        ("rate_measured", nameof(TcpEdgeRow.RateMeasured)),
        ("rcvbuf", nameof(TcpEdgeRow.LargestReceiveBufferBytes)),
        ("receive_queue", nameof(TcpEdgeRow.LargestReceiveQueueBytes)),
        ("rcvbuf_locked", nameof(TcpEdgeRow.ReceiveBuffersLocked)),
        ("zero_window", nameof(TcpEdgeRow.ZeroWindow)),
        ("sndbuf", nameof(TcpEdgeRow.LargestSendBufferBytes)),
        ("sndbuf_locked", nameof(TcpEdgeRow.SendBuffersLocked)),
        ("not_sent", nameof(TcpEdgeRow.LargestNotSentBytes)),
        ("ssthresh_known", nameof(TcpEdgeRow.SlowStartThresholdsKnown)),
        ("no_delay", nameof(TcpEdgeRow.WithoutDelay)),
        ("self_paced", nameof(TcpEdgeRow.SelfPaced)),
        ("backed_off", nameof(TcpEdgeRow.BackedOff)),
        ("open_srtt_sum", nameof(TcpEdgeRow.OpenSmoothedRttSum)),
        ("rate_sum", nameof(TcpEdgeRow.RateBytesPerSecondSum)),
        ("snd_wnd_sum", nameof(TcpEdgeRow.SendWindowBytesSum)),
        ("snd_cwnd_sum", nameof(TcpEdgeRow.CongestionWindowBytesSum)),
        ("ssthresh_sum", nameof(TcpEdgeRow.SlowStartThresholdBytesSum)));

    [Fact]
    public void A_connection_that_ended_lies_as_in_the_object() => BtfLayout.AssertMirrors<TcpEnded>(
        "tcp.bpf.o",
        "tcp_ended",
        ("key", nameof(TcpEnded.Key)),
        ("bytes_sent", nameof(TcpEnded.PayloadSentBytes)),
        ("bytes_retrans", nameof(TcpEnded.RetransmittedBytes)),
        ("bytes_received", nameof(TcpEnded.PayloadReceivedBytes)),
        ("segs_out", nameof(TcpEnded.SegmentsOut)),
        ("segs_in", nameof(TcpEnded.SegmentsIn)),
        ("segs_retrans", nameof(TcpEnded.SegmentsRetransmitted)),
        ("dsacks", nameof(TcpEnded.DuplicatesReported)),
        ("reorderings", nameof(TcpEnded.Reorderings)),
        ("busy", nameof(TcpEnded.BusyJiffies)),
        ("rwnd_limited", nameof(TcpEnded.ReceiveWindowLimitedJiffies)),
        ("sndbuf_limited", nameof(TcpEnded.SendBufferLimitedJiffies)),
        ("srtt", nameof(TcpEnded.SmoothedRttMicroseconds)),
        ("min_rtt", nameof(TcpEnded.MinimumRttMicroseconds)));

    [Fact]
    public void A_listener_lies_as_in_the_object() => BtfLayout.AssertMirrors<TcpListener>(
        "tcp.bpf.o",
        "tcp_listener",
        ("key", nameof(TcpListener.Key)),
        ("cookie", nameof(TcpListener.Cookie)),
        ("queue", nameof(TcpListener.Queue)),
        ("queue_limit", nameof(TcpListener.QueueLimit)),
        ("drops", nameof(TcpListener.Drops)),
        ("zero", "zero"));

    [Fact]
    public void A_flow_lies_as_in_the_object() => BtfLayout.AssertMirrors<TcpFlow>(
        "tcp.bpf.o",
        "tcp_flow",
        ("key", nameof(TcpFlow.Key)),
        ("local", nameof(TcpFlow.LocalAddress)),
        ("cookie", nameof(TcpFlow.Cookie)),
        ("bytes_sent", nameof(TcpFlow.PayloadSentBytes)),
        ("bytes_retrans", nameof(TcpFlow.RetransmittedBytes)),
        ("bytes_received", nameof(TcpFlow.PayloadReceivedBytes)),
        ("srtt", nameof(TcpFlow.SmoothedRttMicroseconds)),
        ("local_port", nameof(TcpFlow.LocalPort)),
        ("remote_port", nameof(TcpFlow.RemotePort)),
        ("state", nameof(TcpFlow.State)),
        ("zero", "zero"));

    [Fact]
    public void A_clock_record_lies_as_in_the_object() => BtfLayout.AssertMirrors<ClockRecord>(
        "tcp.bpf.o",
        "clock_record",
        ("jiffies", nameof(ClockRecord.Jiffies)),
        ("monotonic_ns", nameof(ClockRecord.MonotonicNanoseconds)));

    [Fact]
    public void The_control_lies_as_in_the_object() => BtfLayout.AssertMirrors<TcpControl>(
        "tcp.bpf.o",
        "tcp_control",
        ("began", nameof(TcpControl.BeganJiffies)),
        ("fold", nameof(TcpControl.Fold)),
        ("flows", nameof(TcpControl.WritesFlows)));

    [Fact]
    public void Faults_lie_as_in_the_object() => BtfLayout.AssertMirrors<TcpFaults>(
        "tcp.bpf.o",
        "tcp_faults",
        ("overflowed", nameof(TcpFaults.Overflowed)),
        ("unowned", nameof(TcpFaults.Unowned)),
        ("unkept", nameof(TcpFaults.Unkept)));
}
