using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Tests.Series;

public sealed class LabelSetTests
{
    [Fact]
    public void Two_sets_with_the_same_labels_are_equal_whatever_their_order()
    {
        var one = LabelSet.Of("m", ("a", "1"), ("b", "2"));
        var other = LabelSet.Of("m", ("b", "2"), ("a", "1"));
        Assert.Equal(one, other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
    }

    [Fact]
    public void An_empty_value_is_an_absent_label() => Assert.Equal(LabelSet.Of("m"), LabelSet.Of("m", ("a", "")));

    [Fact]
    public void A_label_that_stands_twice_is_refused() => Assert.Throws<ArgumentException>(() => LabelSet.Of("m", ("a", "1"), ("a", "2")));

    [Fact]
    public void With_replaces_adds_and_removes()
    {
        var labels = LabelSet.Of("m", ("a", "1"));
        Assert.Equal(LabelSet.Of("m", ("a", "2")), labels.With("a", "2"));
        Assert.Equal(LabelSet.Of("m", ("a", "1"), ("b", "1")), labels.With("b", "1"));
        Assert.Equal(LabelSet.Of("m"), labels.With("a", ""));
    }
}
