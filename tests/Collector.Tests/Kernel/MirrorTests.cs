using System.Reflection;
using System.Runtime.InteropServices;
using NetPulse.Collector.Kernel;

namespace NetPulse.Collector.Tests.Kernel;

/// <summary>Our structs lie in memory as the built object's BTF says.</summary>
public sealed partial class MirrorTests
{
    [Fact]
    public void The_key_of_an_edge_lies_as_in_the_object() => Compare<EdgeKey>("edge_key", new(StringComparer.Ordinal)
    {
        ["cgroup"] = nameof(EdgeKey.Cgroup),
        ["netns_cookie"] = nameof(EdgeKey.NamespaceCookie),
        ["peer"] = nameof(EdgeKey.Peer),
        ["netns_inode"] = nameof(EdgeKey.NamespaceInode),
        ["server_port"] = nameof(EdgeKey.ServerPort),
        ["role"] = nameof(EdgeKey.Role),
        ["protocol"] = nameof(EdgeKey.Protocol),
    });

    [Fact]
    public void Counters_lie_as_in_the_object() => Compare<TcpCounters>("tcp_counters", new(StringComparer.Ordinal)
    {
        ["bytes_sent"] = nameof(TcpCounters.PayloadSentBytes),
        ["bytes_retrans"] = nameof(TcpCounters.RetransmittedBytes),
        ["bytes_received"] = nameof(TcpCounters.PayloadReceivedBytes),
        ["segs_out"] = nameof(TcpCounters.SegmentsOut),
        ["segs_in"] = nameof(TcpCounters.SegmentsIn),
        ["segs_retrans"] = nameof(TcpCounters.SegmentsRetransmitted),
        ["dsacks"] = nameof(TcpCounters.DuplicatesReported),
        ["reorderings"] = nameof(TcpCounters.Reorderings),
        ["busy"] = nameof(TcpCounters.BusyJiffies),
        ["rwnd_limited"] = nameof(TcpCounters.ReceiveWindowLimitedJiffies),
        ["sndbuf_limited"] = nameof(TcpCounters.SendBufferLimitedJiffies),
    });

    [Fact]
    public void The_row_of_an_edge_lies_as_in_the_object() => Compare<TcpEdgeRow>("tcp_edge", new(StringComparer.Ordinal)
    {
        ["counters"] = nameof(TcpEdgeRow.Counters),
        ["closed"] = nameof(TcpEdgeRow.Closed),
        ["resets_sent"] = nameof(TcpEdgeRow.ResetsSent),
        ["resets_received"] = nameof(TcpEdgeRow.ResetsReceived),
        ["srtt_sum"] = nameof(TcpEdgeRow.SmoothedRttSum),
        ["min_rtt_sum"] = nameof(TcpEdgeRow.MinimumRttSum),
        ["connect_sum"] = nameof(TcpEdgeRow.ConnectSum),
        ["failures"] = nameof(TcpEdgeRow.Failures),
        ["srtt"] = nameof(TcpEdgeRow.SmoothedRtt),
        ["min_rtt"] = nameof(TcpEdgeRow.MinimumRtt),
        ["connect"] = nameof(TcpEdgeRow.Connect),
        ["states"] = nameof(TcpEdgeRow.States),
        ["fold"] = nameof(TcpEdgeRow.Fold),
        ["open"] = nameof(TcpEdgeRow.Open),
        ["rtt_measured"] = nameof(TcpEdgeRow.RttMeasured),
        ["rate_measured"] = nameof(TcpEdgeRow.RateMeasured),
        ["rcvbuf"] = nameof(TcpEdgeRow.LargestReceiveBufferBytes),
        ["receive_queue"] = nameof(TcpEdgeRow.LargestReceiveQueueBytes),
        ["rcvbuf_locked"] = nameof(TcpEdgeRow.ReceiveBuffersLocked),
        ["zero_window"] = nameof(TcpEdgeRow.ZeroWindow),
        ["open_srtt_sum"] = nameof(TcpEdgeRow.OpenSmoothedRttSum),
        ["rate_sum"] = nameof(TcpEdgeRow.RateBytesPerSecondSum),
        ["snd_wnd_sum"] = nameof(TcpEdgeRow.SendWindowBytesSum),
        ["snd_cwnd_sum"] = nameof(TcpEdgeRow.CongestionWindowBytesSum),
    });

    [Fact]
    public void A_connection_that_ended_lies_as_in_the_object() => Compare<TcpEnded>("tcp_ended", new(StringComparer.Ordinal)
    {
        ["key"] = nameof(TcpEnded.Key),
        ["bytes_sent"] = nameof(TcpEnded.PayloadSentBytes),
        ["bytes_retrans"] = nameof(TcpEnded.RetransmittedBytes),
        ["bytes_received"] = nameof(TcpEnded.PayloadReceivedBytes),
        ["segs_out"] = nameof(TcpEnded.SegmentsOut),
        ["segs_in"] = nameof(TcpEnded.SegmentsIn),
        ["segs_retrans"] = nameof(TcpEnded.SegmentsRetransmitted),
        ["dsacks"] = nameof(TcpEnded.DuplicatesReported),
        ["reorderings"] = nameof(TcpEnded.Reorderings),
        ["busy"] = nameof(TcpEnded.BusyJiffies),
        ["rwnd_limited"] = nameof(TcpEnded.ReceiveWindowLimitedJiffies),
        ["sndbuf_limited"] = nameof(TcpEnded.SendBufferLimitedJiffies),
        ["srtt"] = nameof(TcpEnded.SmoothedRttMicroseconds),
        ["min_rtt"] = nameof(TcpEnded.MinimumRttMicroseconds),
    });

    [Fact]
    public void A_listener_lies_as_in_the_object() => Compare<TcpListener>("tcp_listener", new(StringComparer.Ordinal)
    {
        ["key"] = nameof(TcpListener.Key),
        ["cookie"] = nameof(TcpListener.Cookie),
        ["queue"] = nameof(TcpListener.Queue),
        ["queue_limit"] = nameof(TcpListener.QueueLimit),
        ["drops"] = nameof(TcpListener.Drops),
        ["zero"] = "zero",
    });

    [Fact]
    public void A_flow_lies_as_in_the_object() => Compare<TcpFlow>("tcp_flow", new(StringComparer.Ordinal)
    {
        ["key"] = nameof(TcpFlow.Key),
        ["local"] = nameof(TcpFlow.LocalAddress),
        ["cookie"] = nameof(TcpFlow.Cookie),
        ["bytes_sent"] = nameof(TcpFlow.PayloadSentBytes),
        ["bytes_retrans"] = nameof(TcpFlow.RetransmittedBytes),
        ["bytes_received"] = nameof(TcpFlow.PayloadReceivedBytes),
        ["srtt"] = nameof(TcpFlow.SmoothedRttMicroseconds),
        ["local_port"] = nameof(TcpFlow.LocalPort),
        ["remote_port"] = nameof(TcpFlow.RemotePort),
        ["state"] = nameof(TcpFlow.State),
        ["zero"] = "zero",
    });

    [Fact]
    public void A_clock_record_lies_as_in_the_object() => Compare<ClockRecord>("clock_record", new(StringComparer.Ordinal)
    {
        ["jiffies"] = nameof(ClockRecord.Jiffies),
        ["monotonic_ns"] = nameof(ClockRecord.MonotonicNanoseconds),
    });

    [Fact]
    public void The_control_lies_as_in_the_object() => Compare<TcpControl>("tcp_control", new(StringComparer.Ordinal)
    {
        ["began"] = nameof(TcpControl.BeganJiffies),
        ["fold"] = nameof(TcpControl.Fold),
        ["flows"] = nameof(TcpControl.WritesFlows),
    });

    [Fact]
    public void Faults_lie_as_in_the_object() => Compare<TcpFaults>("tcp_faults", new(StringComparer.Ordinal)
    {
        ["overflowed"] = nameof(TcpFaults.Overflowed),
        ["unowned"] = nameof(TcpFaults.Unowned),
        ["unkept"] = nameof(TcpFaults.Unkept),
    });

    private static void Compare<T>(string structure, Dictionary<string, string> mirrored)
        where T : struct
    {
        var btf = btf__parse(Path.Combine(AppContext.BaseDirectory, "tcp.bpf.o"), 0);
        Assert.NotEqual(0, btf);
        try
        {
            const uint BTF_KIND_STRUCT = 4;
            var id = btf__find_by_name_kind(btf, structure, BTF_KIND_STRUCT);
            Assert.True(id > 0, $"{structure} is not in the object's BTF");
            Assert.Equal(Marshal.SizeOf<T>(), (int)btf__resolve_size(btf, (uint)id));

            // struct btf_type { u32 name_off; u32 info; u32 size; }, then struct btf_member { u32 name_off; u32 type; u32 offset; } each
            var type = btf__type_by_id(btf, (uint)id);
            var members = Marshal.ReadInt32(type, 4) & 0xFFFF;
            var offsets = Enumerable.Range(0, members).ToDictionary(
                i => mirrored[Marshal.PtrToStringUTF8(btf__name_by_offset(btf, (uint)Marshal.ReadInt32(type, 12 + (12 * i))))!],
                i => (Marshal.ReadInt32(type, 12 + (12 * i) + 8) & 0xFFFFFF) / 8,
                StringComparer.Ordinal);
            Assert.Equal(mirrored.Count, members);
            Assert.All(offsets, pair => Assert.Equal(pair.Value, (int)Marshal.OffsetOf<T>(FieldOf<T>(pair.Key))));
        }
        finally
        {
            btf__free(btf);
        }
    }

    private static string FieldOf<T>(string name) =>
        typeof(T).GetField(name, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)?.Name ?? $"<{name}>k__BackingField";

    [LibraryImport("libbpf.so.1", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint btf__parse(string path, nint ext);

    [LibraryImport("libbpf.so.1")]
    private static partial void btf__free(nint btf);

    [LibraryImport("libbpf.so.1", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int btf__find_by_name_kind(nint btf, string type_name, uint kind);

    [LibraryImport("libbpf.so.1")]
    private static partial long btf__resolve_size(nint btf, uint type_id);

    [LibraryImport("libbpf.so.1")]
    private static partial nint btf__type_by_id(nint btf, uint id);

    [LibraryImport("libbpf.so.1")]
    private static partial nint btf__name_by_offset(nint btf, uint offset);
}
