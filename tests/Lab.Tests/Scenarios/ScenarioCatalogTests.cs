using NetPulse.Lab.Load;
using NetPulse.Lab.Scenarios;

namespace NetPulse.Lab.Tests.Scenarios;

public sealed class ScenarioCatalogTests
{
    [Fact]
    public void Every_scenario_is_whole()
    {
        foreach (var scenario in ScenarioCatalog.Names.Select(name => ScenarioCatalog.Find(name)!))
        {
            var pods = scenario.Pods.Select(pod => pod.Name).ToHashSet(StringComparer.Ordinal);
            Assert.Equal(scenario.Pods.Count, pods.Count);
            Assert.Equal(scenario.Pods.Count, scenario.Pods.Select(pod => pod.Address).Distinct().Count());
            Assert.All(scenario.Paths.SelectMany(path => new[] { path.From, path.To }), pod => Assert.Contains(pod, pods));
            Assert.All(scenario.Loads.SelectMany(load => new[] { load.From, load.To }), pod => Assert.Contains(pod, pods));
            Assert.All(scenario.Healing.Select(change => change.Pod).OfType<string>(), pod => Assert.Contains(pod, pods));
            Assert.NotEmpty(scenario.Healing);
            Assert.Contains(scenario.Loads, load => load.IsJudged);
            Assert.True(scenario.IsTwin || scenario.Causes.Count > 0, scenario.Name);
        }
    }

    [Fact]
    public void A_mixture_has_the_pods_of_all_its_parts_under_names_and_addresses_of_their_own()
    {
        var mixture = ScenarioCatalog.Find("receive-window+receive-window+accept-queue")!;
        Assert.Equal(3, mixture.Parts.Count);
        Assert.Equal(12, mixture.Pods.Select(pod => pod.Name).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(12, mixture.Pods.Select(pod => pod.Address).Distinct().Count());
        Assert.Equal(["archive-0", "b-archive-0", "c-shop-0"], mixture.Healing.Select(change => change.Pod));
        Assert.All(mixture.Loads, load => Assert.Single(mixture.Parts, part => part.Loads.Contains(load)));
    }

    [Fact]
    public void A_name_that_no_scenario_has_is_not_found()
    {
        Assert.Null(ScenarioCatalog.Find("no-such"));
        Assert.Null(ScenarioCatalog.Find("receive-window+no-such"));
        Assert.All(ScenarioCatalog.Mixtures, name => Assert.NotNull(ScenarioCatalog.Find(name)));
    }

    [Theory]
    [InlineData(6.3, 47.5, 6.3, 43, true)]
    [InlineData(6.3, 47.5, 6.3, 42, false)]
    [InlineData(0, 64, 0, 60, true)]
    [InlineData(0, 64, 0, 50, false)]
    public void Healed_is_nine_tenths_of_the_ratio_or_of_the_value_where_there_was_nothing(double before, double after, double measuredBefore, double measuredAfter, bool isHealed) =>
        Assert.Equal(isHealed, Judgement.IsHealed(Figure.Goodput, new Expectation(before, after, "Mbit/s"), measuredBefore, measuredAfter));

    [Fact]
    public void A_ratio_is_above_one_when_it_became_better_whichever_way_is_better()
    {
        Assert.Equal(4, Figure.Goodput.Ratio(before: 2, after: 8));
        Assert.Equal(4, Figure.Milliseconds("p99").Ratio(before: 80, after: 20));
        Assert.Equal(0.5, Figure.Delivered.Ratio(before: 100, after: 50));
    }
}
