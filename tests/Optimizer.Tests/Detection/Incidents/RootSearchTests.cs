using System.Collections.Immutable;
using NetPulse.Optimizer.Detection.Incidents;

namespace NetPulse.Optimizer.Tests.Detection.Incidents;

public sealed class RootSearchTests
{
    private static readonly ImmutableArray<string> Dimensions = ["node", "workload", "pod"];

    [Fact]
    public void A_fall_at_one_node_is_found_at_that_node()
    {
        var root = RootSearch.Find(Dimensions, Leaves(leaf => leaf.Labels[0] == "node-3" ? 0.1 : 1));
        Assert.NotNull(root);
        Assert.Equal("node", root.Dimension);
        Assert.Equal("node-3", Assert.Single(root.Values));
        Assert.Equal(1, root.Share, 1e-6);
    }

    [Fact]
    public void A_rise_of_one_workload_is_found_at_that_workload()
    {
        var root = RootSearch.Find(Dimensions, Leaves(leaf => leaf.Labels[1] == "app-7" ? 4 : 1));
        Assert.Equal("workload", root?.Dimension);
        Assert.Equal("app-7", Assert.Single(root!.Values));
    }

    [Fact]
    public void One_pod_is_found_as_a_pod_though_its_node_and_workload_change_with_it()
    {
        var root = RootSearch.Find(Dimensions, Leaves(leaf => leaf.Labels[2] == "app-7-117" ? 0 : 1));
        Assert.Equal("pod", root?.Dimension);
        Assert.Equal("pod app-7-117 (100 % of the change)", root?.ToString());
    }

    [Fact]
    public void Two_nodes_are_found_as_two_values_of_one_dimension() =>
        Assert.Equal(["node-1", "node-3"], RootSearch.Find(Dimensions, Leaves(leaf => leaf.Labels[0] is "node-1" or "node-3" ? 0.2 : 1))!.Values.Order(StringComparer.Ordinal));

    [Fact]
    public void A_change_that_is_spread_evenly_is_concentrated_nowhere() => Assert.Null(RootSearch.Find(Dimensions, Leaves(_ => 0.5)));

    [Fact]
    public void No_change_and_no_leaf_have_no_root()
    {
        Assert.Null(RootSearch.Find(Dimensions, Leaves(_ => 1)));
        Assert.Null(RootSearch.Find(Dimensions, []));
        Assert.Null(RootSearch.Find(Dimensions, [new Leaf(["a", "b", "c"], double.NaN, 1)]));
    }

    private static Leaf[] Leaves(Func<Leaf, double> factor) =>
    [
        .. from pod in Enumerable.Range(0, 1000)
           let leaf = new Leaf([$"node-{pod % 7}", $"app-{pod % 11}", $"app-{pod % 11}-{pod}"], 100, 100)
           select leaf with { Now = 100 * factor(leaf) },
    ];
}
