using NetPulse.Tuner.Knobs;

namespace NetPulse.Tuner.Tests.Knobs;

public sealed class KnobTableTests
{
    private const string Allowed = "net.ipv4.tcp_rmem takes 3 numbers of 4096 to 67108864 bytes, each at least the one before it";

    private static Knob Receive => KnobTable.Accepted.Find("net.ipv4.tcp_rmem")!;

    [Theory]
    [InlineData("4096 131072 1500000", "4096 131072 1500000")]
    [InlineData("4096\t131072\t67108864", "4096 131072 67108864")]
    [InlineData(" 4096  131072 131072 ", "4096 131072 131072")]
    [InlineData("04096 0131072 0131072", "4096 131072 131072")]
    public void A_value_in_range_is_accepted_in_one_spelling(string value, string written)
    {
        Assert.Equal(written, Receive.Accept(value, out var refusal));
        Assert.Empty(refusal);
    }

    [Theory]
    [InlineData("4096 131072", "it has 2 numbers")]
    [InlineData("", "it has 0 numbers")]
    [InlineData("4096 131072 1500000 1", "it has 4 numbers")]
    [InlineData("4095 131072 1500000", "4095 is out of range")]
    [InlineData("0 131072 1500000", "0 is out of range")]
    [InlineData("4096 131072 67108865", "67108865 is out of range")]
    [InlineData("4096 131072 100000", "not ascending")]
    [InlineData("4096 131072 -1", "'-1' is no whole number")]
    [InlineData("4096 131072 1.5e6", "'1.5e6' is no whole number")]
    [InlineData("4096 131072 0x100000", "'0x100000' is no whole number")]
    [InlineData("4096 131072 99999999999999999999", "is no whole number")]
    public void Any_other_value_is_refused_with_what_is_allowed(string value, string problem)
    {
        Assert.Null(Receive.Accept(value, out var refusal));
        Assert.Contains(problem, refusal, StringComparison.Ordinal);
        Assert.EndsWith(Allowed, refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("4096 131072 6291456", "4096 131072 1500000", true)]
    [InlineData("4096 131072 6291456", "4096 131071 1500000", false)]
    [InlineData("4096 16384 6291456", "4096 16384 1500000", true)]
    [InlineData("4096 16384 6291456", "4096 16383 1500000", false)]
    [InlineData("4096 262144 6291456", "4096 131072 1500000", true)]
    public void The_default_size_is_never_lowered_below_the_floor_or_what_held_before(string before, string value, bool isAllowed) =>
        Assert.Equal(isAllowed, Receive.RefusalInPlaceOf(before, value).Length == 0);

    [Theory]
    [InlineData("net.ipv4.tcp_notsent_lowat", "131072", "131072")]
    [InlineData("net.ipv4.tcp_notsent_lowat", "4294967295", "4294967295")]
    [InlineData("net.ipv4.ip_local_port_range", "1024\t65535", "1024 65535")]
    [InlineData("net.ipv4.tcp_congestion_control", " bbr ", "bbr")]
    [InlineData("net.ipv4.tcp_allowed_congestion_control", "reno  cubic bbr", "reno cubic bbr")]
    [InlineData("net.core.default_qdisc", "fq", "fq")]
    [InlineData("net.ipv4.ip_local_reserved_ports", "30000-32767, 8080", "8080,30000-32767")]
    [InlineData("net.ipv4.ip_local_reserved_ports", "80-90,85-95,96", "80-96")]
    [InlineData("net.ipv4.ip_local_reserved_ports", "", "")]
    [InlineData("net.ipv4.conf.eth0.rp_filter", "2", "2")]
    [InlineData("net.netfilter.nf_conntrack_buckets", "65536", "65536")]
    public void Every_kind_of_value_has_one_spelling(string sysctl, string value, string written)
    {
        Assert.Equal(written, KnobTable.Accepted.Find(sysctl)!.Accept(value, out var refusal));
        Assert.Empty(refusal);
    }

    [Theory]
    [InlineData("net.ipv4.tcp_notsent_lowat", "4294967294", "out of range")]
    [InlineData("net.ipv4.ip_local_port_range", "1023 65535", "out of range")]
    [InlineData("net.ipv4.ip_local_port_range", "40000 30000", "not ascending")]
    [InlineData("net.ipv4.tcp_congestion_control", "bbr reno", "it has 2 names")]
    [InlineData("net.ipv4.tcp_congestion_control", "../bbr", "is no name")]
    [InlineData("net.ipv4.tcp_congestion_control", "", "it is empty")]
    [InlineData("net.core.default_qdisc", "htb", "htb is none of them")]
    [InlineData("net.ipv4.ip_local_reserved_ports", "0", "'0' is no port")]
    [InlineData("net.ipv4.ip_local_reserved_ports", "90-80", "is no port")]
    [InlineData("net.ipv4.ip_local_reserved_ports", "1-2-3", "is no port")]
    [InlineData("net.netfilter.nf_conntrack_buckets", "65537", "no multiple of 512")]
    [InlineData("net.ipv4.tcp_syncookies", "0", "out of range")]
    [InlineData("net.ipv4.tcp_rto_min_us", "1000", "out of range")]
    public void Every_kind_of_value_refuses_what_is_none(string sysctl, string value, string problem)
    {
        Assert.Null(KnobTable.Accepted.Find(sysctl)!.Accept(value, out var refusal));
        Assert.Contains(problem, refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("net.ipv4.conf.all.rp_filter", true)]
    [InlineData("net.ipv4.conf.a.b.rp_filter", false)]
    [InlineData("net.ipv4.conf.rp_filter", false)]
    [InlineData("net.ipv4.conf.eth0.rp_filters", false)]
    [InlineData("net.ipv4.conf.eth0.accept_local", false)]
    [InlineData("net.ipv4.tcp_rme", false)]
    public void An_interface_s_name_stands_where_the_table_allows_it(string sysctl, bool isAccepted) =>
        Assert.Equal(isAccepted ? sysctl : null, KnobTable.Accepted.Find(sysctl)?.Sysctl);

    [Fact]
    public void A_share_of_memory_is_the_node_s_own()
    {
        var knob = KnobTable.Accepted.OnNode(memoryPages: 1_000_000).Find("net.ipv4.udp_mem")!;
        Assert.NotNull(knob.Accept("10000 20000 250000", out _));
        Assert.Null(knob.Accept("10000 20000 250001", out _));
    }

    [Fact]
    public void Names_that_the_node_does_not_have_or_allow_are_told_apart()
    {
        var names = (KnobValue.Names)KnobTable.Accepted.Find("net.ipv4.tcp_congestion_control")!.Value;
        Assert.Contains("bbr is not available", names.Missing("bbr", inPod: true, Node("reno cubic", "reno cubic")), StringComparison.Ordinal);
        Assert.Contains("bbr may not be used in pods", names.Missing("bbr", inPod: true, Node("reno cubic bbr", "reno cubic")), StringComparison.Ordinal);
        Assert.Empty(names.Missing("bbr", inPod: false, Node("reno cubic bbr", "reno cubic")));
        Assert.Empty(names.Missing("bbr", inPod: true, Node("reno cubic bbr", "reno bbr")));

        static Func<string, string?> Node(string available, string allowed) => sysctl => sysctl.Contains("available", StringComparison.Ordinal) ? available : allowed;
    }

    [Theory]
    [InlineData("1024", "4096", 1, true)]
    [InlineData("4097", "4096", 1, false)]
    [InlineData("262144", "65536", 4, true)]
    [InlineData("262145", "65536", 4, false)]
    [InlineData("5", null, 1, true)]
    public void Two_knobs_that_belong_together_must_fit(string smaller, string? larger, long factor, bool isFitting) =>
        Assert.Equal(isFitting, new KnobOrder("a", "b", factor, "it breaks").Refusal(smaller, larger).Length == 0);

    [Fact]
    public void No_name_stands_twice_and_each_order_names_knobs_of_the_table()
    {
        Assert.Equal(KnobTable.Accepted.Knobs.Length, KnobTable.Accepted.Knobs.Select(knob => knob.Sysctl).Distinct(StringComparer.Ordinal).Count());
        Assert.All(KnobTable.Accepted.Orders, order => Assert.True(KnobTable.Accepted.Find(order.Smaller) is not null && KnobTable.Accepted.Find(order.Larger) is not null));
    }

    [Fact]
    public void The_reference_page_is_what_the_table_says() =>
        Assert.Equal(KnobTable.Accepted.ToMarkdown(), File.ReadAllText(Path.Combine(Repository.Root(), "docs", "knobs.md")));
}
