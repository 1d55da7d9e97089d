using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Lab.Topology;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Linux.Sysctls;
using NetPulse.Tests;

namespace NetPulse.Lab.Tests.Topology;

public sealed class LabNamespacesTests : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("nptest-");

    public void Dispose() => directory.Delete(recursive: true);

    [KernelFact]
    public async Task A_pod_is_a_namespace_with_its_sysctls_and_an_object_that_names_it()
    {
        var settings = TestLab.NewSettings(directory.FullName);
        var sysctls = new Dictionary<string, string>(StringComparer.Ordinal) { ["net.ipv4.tcp_rmem"] = "4096 131072 200000" };
        await using var namespaces = await LabNamespaces.CreateAsync(settings, [TestLab.TwoPods[0] with { Sysctls = sysctls }], CancellationToken.None);

        var pod = namespaces.Pod("client");
        Assert.Equal($"/run/netns/{settings.Prefix}-client", pod.NetworkNamespace.Path);
        Assert.Equal("4096 131072 200000", namespaces.Thread.Run(pod.NetworkNamespace, () => Sysctl.Read("net.ipv4.tcp_rmem")));

        var written = ObjectFile.Read<Pod>(PodFile("client"));
        Assert.Equal("lab", written.Metadata.Namespace);
        Assert.Equal("client", written.Metadata.Labels[Pod.WorkloadLabel]);
        Assert.Equal(pod.NetworkNamespace, NetworkNamespaceList.At(written.Metadata.Annotations[Pod.NetworkNamespaceAnnotation]));
        Assert.Equal("10.78.0.1", written.Status.PodIP);
        Assert.Equal("node-1", written.Spec.NodeName);
    }

    [KernelFact]
    public async Task Nothing_is_left_when_the_pods_are_disposed_of()
    {
        var settings = TestLab.NewSettings(directory.FullName);
        await using (await LabNamespaces.CreateAsync(settings, TestLab.TwoPods, CancellationToken.None))
        {
            Assert.Equal(2, TestLab.NamespacesOf(settings).Length);
        }

        Assert.Empty(TestLab.NamespacesOf(settings));
        Assert.Empty(directory.GetFiles("*", SearchOption.AllDirectories));
    }

    [KernelFact]
    public async Task Nothing_is_left_when_it_fails_midway()
    {
        var settings = TestLab.NewSettings(directory.FullName);
        var unknown = new Dictionary<string, string>(StringComparer.Ordinal) { ["net.ipv4.no_such_thing"] = "1" };
        await Assert.ThrowsAsync<SysctlException>(
            () => LabNamespaces.CreateAsync(settings, [TestLab.TwoPods[0], TestLab.TwoPods[1] with { Sysctls = unknown }], CancellationToken.None));
        Assert.Empty(TestLab.NamespacesOf(settings));
        Assert.Empty(directory.GetFiles("*", SearchOption.AllDirectories));
    }

    [KernelFact]
    public async Task What_a_killed_lab_has_left_is_cleared_away()
    {
        var settings = TestLab.NewSettings(directory.FullName);
        await IpCommand.RunAsync(["netns", "add", $"{settings.Prefix}-forgotten"], CancellationToken.None);
        directory.CreateSubdirectory("pods");
        ObjectFile.Write(PodFile("forgotten"), new Pod
        {
            Metadata = new ObjectMeta
            {
                Name = "forgotten",
                Namespace = "lab",
                Annotations = new Dictionary<string, string>(StringComparer.Ordinal) { [Pod.NetworkNamespaceAnnotation] = $"/run/netns/{settings.Prefix}-forgotten" },
            },
        });

        await using var namespaces = await LabNamespaces.CreateAsync(settings, [TestLab.TwoPods[0]], CancellationToken.None);
        Assert.Equal([namespaces.Pod("client").NetworkNamespace.Path], TestLab.NamespacesOf(settings));
        Assert.False(File.Exists(PodFile("forgotten")));
    }

    [KernelFact]
    public async Task A_second_lab_of_the_same_prefix_is_refused_and_harms_nobody()
    {
        var settings = TestLab.NewSettings();
        await using var first = await LabNamespaces.CreateAsync(settings, TestLab.TwoPods, CancellationToken.None);
        var refused = await Assert.ThrowsAsync<LabException>(() => LabNamespaces.CreateAsync(settings, TestLab.TwoPods, CancellationToken.None));
        Assert.Contains("another lab of this name runs", refused.Message, StringComparison.Ordinal);
        Assert.Equal(2, TestLab.NamespacesOf(settings).Length);
    }

    [KernelFact]
    public async Task A_failed_command_is_named_with_its_words()
    {
        var failure = await Assert.ThrowsAsync<LabException>(() => IpCommand.RunAsync(["netns", "delete", "nptest-none"], CancellationToken.None));
        Assert.StartsWith("ip netns delete nptest-none: exit code 1, Cannot remove namespace file", failure.Message, StringComparison.Ordinal);
    }

    private string PodFile(string name) => Path.Combine(directory.FullName, "pods", $"lab-{name}.yaml");
}
