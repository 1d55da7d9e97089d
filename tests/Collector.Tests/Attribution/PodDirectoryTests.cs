using NetPulse.Collector.Attribution;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Collector.Tests.Attribution;

public sealed class PodDirectoryTests : IDisposable
{
    private readonly string path = Directory.CreateTempSubdirectory("nptest-").FullName;
    private readonly LogLines log = new();

    [Fact]
    public void Pods_come_change_and_go_with_their_files()
    {
        var pods = new PodDirectory(path, log.For<PodDirectory>());
        Assert.False(pods.Refresh());

        Write("archive-0.yaml", "archive-0");
        Assert.True(pods.Refresh());
        Assert.Equal("archive-0", Assert.Single(pods.Pods).Named.Owner.Pod);
        Assert.False(pods.Refresh());

        Write("archive-0.yaml", "archive-11");
        Assert.True(pods.Refresh());
        Assert.Equal("archive-11", Assert.Single(pods.Pods).Named.Owner.Pod);

        File.Delete(Path.Combine(path, "archive-0.yaml"));
        Assert.True(pods.Refresh());
        Assert.Empty(pods.Pods);
        Assert.Empty(log.Lines);
    }

    [Fact]
    public void A_broken_file_is_named_once_and_the_others_are_read()
    {
        Write("good.yaml", "good");
        File.WriteAllText(Path.Combine(path, "broken.yaml"), "kind: Pod\nmetadata: [");
        var pods = new PodDirectory(path, log.For<PodDirectory>());
        pods.Refresh();
        pods.Refresh();
        Assert.Equal("good", Assert.Single(pods.Pods).Named.Owner.Pod);
        Assert.Contains("broken.yaml", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_that_is_not_there_is_named_once_and_awaited()
    {
        var later = Path.Combine(path, "later");
        var pods = new PodDirectory(later, log.For<PodDirectory>());
        pods.Refresh();
        pods.Refresh();
        Assert.Contains("attribution.podsDirectory", Assert.Single(log.Lines), StringComparison.Ordinal);
        Directory.CreateDirectory(later);
        Write("later/a.yaml", "a");
        pods.Refresh();
        Assert.Single(pods.Pods);
    }

    [Theory]
    [InlineData("archive-0", "archive")]
    [InlineData("client-7d9f8b6c5d-x2x4z", "client")]
    [InlineData("node-agent-bq7xk", "node-agent")]
    [InlineData("web", "web")]
    [InlineData("e2e-audio", "e2e-audio")]
    [InlineData("-0", "-0")]
    public void A_pod_without_a_label_belongs_to_what_its_name_says(string pod, string workload) =>
        Assert.Equal(workload, WorkloadName.Of(new Pod { Metadata = new ObjectMeta { Name = pod } }).Workload);

    public void Dispose() => Directory.Delete(path, recursive: true);

    private void Write(string file, string name) => File.WriteAllText(Path.Combine(path, file), $"""
        apiVersion: v1
        kind: Pod
        metadata:
          name: {name}
        """);
}
