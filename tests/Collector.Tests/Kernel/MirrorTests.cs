using System.Reflection;
using System.Runtime.InteropServices;
using NetPulse.Collector.Kernel;

namespace NetPulse.Collector.Tests.Kernel;

/// <summary>Our structs lie in memory as the built object's BTF says.</summary>
public sealed partial class MirrorTests
{
    [Fact]
    public void A_tcp_record_lies_as_in_the_object() => Compare<TcpRecord>("tcp_record", new()
    {
        ["cookie"] = nameof(TcpRecord.Cookie),
        ["netns_cookie"] = nameof(TcpRecord.NamespaceCookie),
        ["local_address"] = nameof(TcpRecord.LocalAddress),
        ["remote_address"] = nameof(TcpRecord.RemoteAddress),
        ["bytes_sent"] = nameof(TcpRecord.BytesSent),
        ["bytes_retrans"] = nameof(TcpRecord.BytesRetransmitted),
        ["bytes_received"] = nameof(TcpRecord.BytesReceived),
        ["netns_inode"] = nameof(TcpRecord.NamespaceInode),
        ["segs_out"] = nameof(TcpRecord.SegmentsOut),
        ["segs_in"] = nameof(TcpRecord.SegmentsIn),
        ["total_retrans"] = nameof(TcpRecord.SegmentsRetransmitted),
        ["srtt_us"] = nameof(TcpRecord.SmoothedRttEighthMicroseconds),
        ["min_rtt_us"] = nameof(TcpRecord.MinimumRttMicroseconds),
        ["busy"] = nameof(TcpRecord.BusyJiffies),
        ["rwnd_limited"] = nameof(TcpRecord.ReceiveWindowLimitedJiffies),
        ["sndbuf_limited"] = nameof(TcpRecord.SendBufferLimitedJiffies),
        ["last_active"] = nameof(TcpRecord.LastActiveJiffies),
        ["snd_wnd"] = nameof(TcpRecord.SendWindowBytes),
        ["snd_cwnd"] = nameof(TcpRecord.CongestionWindowSegments),
        ["mss"] = nameof(TcpRecord.MaximumSegmentBytes),
        ["rcvbuf"] = nameof(TcpRecord.ReceiveBufferBytes),
        ["receive_queue"] = nameof(TcpRecord.ReceiveQueueBytes),
        ["local_port"] = nameof(TcpRecord.LocalPort),
        ["remote_port"] = nameof(TcpRecord.RemotePort),
        ["state"] = nameof(TcpRecord.State),
        ["flags"] = nameof(TcpRecord.Flags),
        ["zero"] = "zero0",
    });

    [Fact]
    public void A_clock_record_lies_as_in_the_object() => Compare<ClockRecord>("clock_record", new()
    {
        ["jiffies"] = nameof(ClockRecord.Jiffies),
        ["monotonic_ns"] = nameof(ClockRecord.MonotonicNanoseconds),
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
