using NetPulse.Collector.Kernel;
using NetPulse.Collector.Kernel.Interop;

namespace NetPulse.Collector.Tests.Kernel;

/// <summary>The records of UDP, DNS and drops lie in memory as the built objects' BTF says.</summary>
public sealed class UdpDnsDropMirrorTests
{
    [Theory]
    [InlineData("udp.bpf.o")]
    [InlineData("dns.bpf.o")]
    [InlineData("drops.bpf.o")]
    public void The_owner_of_a_socket(string file) => BtfLayout.AssertMirrors<SocketOwner>(
        file, "owner", ("cgroup_id", "ControlGroupId"), ("netns_cookie", "NamespaceCookie"), ("netns_inode", "NamespaceInode"), ("zero", "zero"));

    [Fact]
    public void The_key_of_a_udp_edge() => BtfLayout.AssertMirrors<UdpKey>(
        "udp.bpf.o", "udp_key", ("owner", "Owner"), ("peer", "Peer"), ("server_port", "ServerPort"), ("is_server", "isServer"), ("zero", "zero0"));

    [Fact]
    public void The_counters_of_a_udp_edge() => BtfLayout.AssertMirrors<UdpCounters>(
        "udp.bpf.o",
        "udp_counters",
        ("sent_bytes", "SentBytes"),
        ("sent_datagrams", "SentDatagrams"),
        ("received_bytes", "ReceivedBytes"),
        ("received_datagrams", "ReceivedDatagrams"));

    [Fact]
    public void The_key_of_a_udp_sockets_drops() => BtfLayout.AssertMirrors<UdpDropKey>(
        "udp.bpf.o", "udp_drop_key", ("owner", "Owner"), ("local_port", "LocalPort"), ("zero", "zero0"));

    [Fact]
    public void The_counters_of_a_udp_sockets_drops() => BtfLayout.AssertMirrors<UdpDropCounters>(
        "udp.bpf.o", "udp_drop_counters", ("receive_buffer", "ReceiveBuffer"), ("memory", "Memory"), ("rcvbuf", "BufferBytes"), ("rcvbuf_locked", "IsLocked"));

    [Fact]
    public void The_key_of_a_resolver() => BtfLayout.AssertMirrors<DnsKey>(
        "dns.bpf.o", "dns_key", ("owner", "Owner"), ("resolver", "Resolver"), ("protocol", "Protocol"), ("zero", "zero0"));

    [Fact]
    public void The_counters_of_a_resolver() => BtfLayout.AssertMirrors<DnsCounters>(
        "dns.bpf.o",
        "dns_counters",
        ("queries", "Queries"),
        ("retries", "Retries"),
        ("truncated", "Truncated"),
        ("unmatched", "Unmatched"),
        ("malformed", "Malformed"),
        ("unfollowed", "Unfollowed"),
        ("latency_sum_ns", "LatencyNanoseconds"),
        ("latencies", "Latencies"),
        ("rcodes", "ResponseCodes"));

    [Fact]
    public void The_key_of_a_query() => BtfLayout.AssertMirrors<DnsQueryKey>(
        "dns.bpf.o", "dns_query_key", ("socket", "SocketCookie"), ("resolver", "Resolver"), ("id", "Id"), ("protocol", "Protocol"), ("zero", "zero0"));

    [Fact]
    public void A_query_that_waits() => BtfLayout.AssertMirrors<DnsQuery>(
        "dns.bpf.o", "dns_query", ("owner", "Owner"), ("first_sent_ns", "FirstSentNanoseconds"), ("last_sent_ns", "LastSentNanoseconds"));

    [Fact]
    public void The_key_of_a_drop() => BtfLayout.AssertMirrors<DropKey>(
        "drops.bpf.o", "drop_key", ("owner", "Owner"), ("reason", "Reason"), ("zero", "zero"));

    [Fact]
    public void A_kernel_without_type_information_is_named_with_what_it_lacks()
    {
        var refusal = Assert.Throws<BpfException>(() => BpfPrograms.RequireBtf("udp.bpf.o", "/nowhere/btf/vmlinux"));
        Assert.Contains("/nowhere/btf/vmlinux", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("CONFIG_DEBUG_INFO_BTF=y", refusal.Message, StringComparison.Ordinal);
    }
}
