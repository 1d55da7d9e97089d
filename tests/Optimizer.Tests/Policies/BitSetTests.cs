using NetPulse.Optimizer.Policies.Bits;

namespace NetPulse.Optimizer.Tests.Policies;

public sealed class BitSetTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(1000)]
    public void Two_sets_overlap_where_both_have_a_number_wherever_it_stands(int number)
    {
        var (one, other) = (new BitSet(0), new BitSet(0));
        one.Add(number);
        other.Add(number + 1);
        Assert.False(one.Overlaps(other) || other.Overlaps(one));
        other.Add(number);
        other.Add(number + 700);
        Assert.True(one.Overlaps(other) && other.Overlaps(one));
    }
}
