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

    [Fact]
    public void The_reference_page_is_what_the_table_says() =>
        Assert.Equal(KnobTable.Accepted.ToMarkdown(), File.ReadAllText(Path.Combine(Repository.Root(), "docs", "knobs.md")));
}
