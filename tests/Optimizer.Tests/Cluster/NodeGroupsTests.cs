using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;

namespace NetPulse.Optimizer.Tests.Cluster;

public sealed class NodeGroupsTests
{
    private static readonly ImmutableArray<ObjectMeta> Nodes = [Node("a-1", "zone-a", "small"), Node("b-1", "zone-b", "small"), Node("b-2", "zone-b", "large"), Node("c-1", "zone-c", "small")];

    [Fact]
    public void Where_the_work_is_not_split_every_node_is_ours()
    {
        using var groups = Groups("");
        Assert.Empty(groups.Others(Nodes, out var problem));
        Assert.Equal("", problem);
    }

    [Fact]
    public void Each_node_is_of_the_first_group_that_selects_it_and_one_of_no_group_is_nobodys()
    {
        var all = new[] { Group("", "zone", "zone-a"), Group("zone-b", "zone", "zone-b"), Group("large", "size", "large") };
        foreach (var (own, others) in new (string, string[])[] { ("", ["b-1", "b-2", "c-1"]), ("zone-b", ["a-1", "c-1"]), ("large", ["a-1", "b-1", "b-2", "c-1"]) })
        {
            using var groups = Groups(own, all);
            Assert.Equal(others, groups.Others(Nodes, out var problem).Order(StringComparer.Ordinal));
            Assert.Contains("1 nodes are in several groups", problem, StringComparison.Ordinal);
            Assert.Contains("b-2 in \"zone-b\" and \"large\"", problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_change_reaches_no_node_of_another_group()
    {
        var cluster = Examples.Cluster();
        Assert.Equal([Examples.Node], cluster.NodesWithTuner);
        Assert.Empty((cluster with { OtherNodes = [Examples.Node] }).NodesWithTuner);
    }

    [Fact]
    public void Groups_that_do_not_name_this_one_are_refused() => Assert.NotEmpty(new ClusterOptions { Group = "zone-c", Groups = [Group("zone-b", "zone", "zone-b")] }.Validate(new System.ComponentModel.DataAnnotations.ValidationContext(new object())));

    private static NodeGroups Groups(string own, params NodeGroup[] groups) => new(Options.Create(new ClusterOptions { Group = own, Groups = [.. groups] }), NullLogger<NodeGroups>.Instance);

    private static NodeGroup Group(string name, string label, string value) => new() { Name = name, NodeSelector = new Dictionary<string, string>(StringComparer.Ordinal) { [label] = value } };

    private static ObjectMeta Node(string name, string zone, string size) => new() { Name = name, Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["zone"] = zone, ["size"] = size } };
}
