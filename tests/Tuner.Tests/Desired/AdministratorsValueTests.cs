using NetPulse.Kubernetes.Objects;
using NetPulse.Tests;

namespace NetPulse.Tuner.Tests.Desired;

/// <summary>What an administrator writes stays, whatever becomes of the change that had the place before.</summary>
public sealed class AdministratorsValueTests : IDisposable
{
    private const string Rmem = "net.ipv4.tcp_rmem";
    private const string Wanted = "4096 131072 1500000";
    private const string Administrators = "4096 131072 2222222";

    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(5);

    private readonly TestNode node = new();
    private readonly TestNamespace pod = new();

    public AdministratorsValueTests()
    {
        node.AddPod("archive-0", pod.Path);
        node.Want(Setting("change-1", node.Clock.GetUtcNow() + Hold));
        node.Turn();
        Assert.Equal(Wanted, pod.Read(Rmem));
        pod.Write(Rmem, Administrators);
    }

    [KernelTheory]
    [InlineData("change-1-grant", null)]
    [InlineData("change-1-grant", 20)]
    [InlineData("change-1", null)]
    [InlineData("change-1", 20)]
    public void It_stays_also_when_the_change_is_taken_further_and_its_first_end_has_passed(string name, int? minutes)
    {
        var end = minutes is { } later ? node.Clock.GetUtcNow() + TimeSpan.FromMinutes(later) : (DateTimeOffset?)null;
        node.Want(Setting(name, end));
        for (var minute = 0; minute < 30; minute++)
        {
            node.Turn();
            Assert.Equal((Administrators, SettingState.Overridden), (pod.Read(Rmem), node.StatusOf(name).State));
            node.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        node.Restart();
        node.Turn();
        node.Want();
        node.Turn();
        Assert.Equal(Administrators, pod.Read(Rmem));
        Assert.Empty(node.Held.All);
    }

    public void Dispose()
    {
        node.Dispose();
        pod.Dispose();
    }

    private static SysctlSetting Setting(string name, DateTimeOffset? revertAt) =>
        new() { Name = name, Pod = new PodReference { Namespace = "lab", Name = "archive-0" }, Sysctl = Rmem, Value = Wanted, RevertAt = revertAt };
}
