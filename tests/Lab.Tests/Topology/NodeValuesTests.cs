using NetPulse.Lab.Topology;
using NetPulse.Linux.Sysctls;
using NetPulse.Tests;

namespace NetPulse.Lab.Tests.Topology;

public sealed class NodeValuesTests : IDisposable
{
    /// <summary>Of the node, and harmless to whatever runs beside the test.</summary>
    private const string Name = "net.ipv4.neigh.default.unres_qlen";

    private readonly string file = Path.Combine(Path.GetTempPath(), $"nptest-{Environment.ProcessId}-node-values");

    public void Dispose() => File.Delete(file);

    [KernelFact]
    public async Task What_held_before_is_put_back_at_the_end()
    {
        var before = Sysctl.Read(Name)!;
        using (var held = await HoldAsync("103"))
        {
            Assert.Equal("103", Sysctl.Read(Name));
            held.Set(Name, "104");
            Assert.Equal("104", Sysctl.Read(Name));
        }

        Assert.Equal(before, Sysctl.Read(Name));
        Assert.Equal(0, new FileInfo(file).Length);
    }

    [KernelFact]
    public void What_a_killed_lab_left_is_put_back_by_the_next()
    {
        var before = Sysctl.Read(Name)!;
        File.WriteAllText(file, $$"""{"{{Name}}":"{{before}}"}""");
        Sysctl.Write(Name, "103");
        NodeValues.PutBackLeftovers(file);
        Assert.Equal(before, Sysctl.Read(Name));
    }

    [KernelFact]
    public async Task Values_that_a_running_lab_holds_are_left_alone()
    {
        using var held = await HoldAsync("103");
        NodeValues.PutBackLeftovers(file);
        Assert.Equal("103", Sysctl.Read(Name));
    }

    private Task<NodeValues> HoldAsync(string value) =>
        NodeValues.HoldAsync(new Dictionary<string, string>(StringComparer.Ordinal) { [Name] = value }, TimeProvider.System, CancellationToken.None, file);
}
