using NetPulse.Kubernetes.Objects;
using NetPulse.Tests;
using NetPulse.Tuner.Desired;

namespace NetPulse.Tuner.Tests;

public sealed class TunerProcessTests : IDisposable
{
    private const string Rmem = "net.ipv4.tcp_rmem";
    private const string Wmem = "net.ipv4.tcp_wmem";

    private readonly TestNode node = new();
    private readonly TestNamespace[] pods = [new(), new(), new()];
    private readonly Dictionary<(int Pod, string Sysctl), string> before = [];

    public TunerProcessTests()
    {
        node.Stop();
        for (var i = 0; i < pods.Length; i++)
        {
            node.AddPod($"pod-{i}", pods[i].Path);
            before[(i, Rmem)] = pods[i].Read(Rmem);
            before[(i, Wmem)] = pods[i].Read(Wmem);
        }
    }

    [KernelFact]
    public void A_value_holds_until_its_time_and_survives_SIGTERM_until_then()
    {
        node.Want(Setting(0, Rmem, "4096 131072 1500000"), Setting(1, Rmem, "4096 131072 1600000") with { RevertAt = TimeProvider.System.GetUtcNow().AddSeconds(4) });
        using (var tuner = TunerProcess.Start(node))
        {
            Await(() => pods[0].Read(Rmem) == "4096 131072 1500000" && pods[1].Read(Rmem) == "4096 131072 1600000", tuner);
            Assert.Equal(0, tuner.Terminate());
            Assert.Contains("Stopping; 2 values stay", tuner.Output, StringComparison.Ordinal);
        }

        Assert.Equal(("4096 131072 1500000", "4096 131072 1600000"), (pods[0].Read(Rmem), pods[1].Read(Rmem)));
        File.WriteAllText(node.SpecFile, "no wish: [");
        using var next = TunerProcess.Start(node);
        Await(() => pods[1].Read(Rmem) == before[(1, Rmem)], next);
        Assert.Equal("4096 131072 1500000", pods[0].Read(Rmem));
        Await(() => node.Status.Problem.Contains("not valid YAML", StringComparison.Ordinal), next);
    }

    [KernelFact]
    public void Only_one_Tuner_has_a_state_directory_and_revert_waits_for_its_end()
    {
        node.Want(Setting(0, Rmem, "4096 131072 1500000"));
        using var tuner = TunerProcess.Start(node);
        Await(() => pods[0].Read(Rmem) == "4096 131072 1500000", tuner);

        using var second = TunerProcess.Start(node);
        Assert.Equal(1, second.WaitForExit());
        Assert.Contains("another Tuner runs on it", second.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", second.Output, StringComparison.Ordinal);
        var (refused, why) = TunerProcess.Revert(node);
        Assert.Equal(1, refused);
        Assert.Contains("another Tuner runs on it", why, StringComparison.Ordinal);

        Assert.Equal(0, tuner.Terminate());
        var (reverted, lines) = TunerProcess.Revert(node);
        Assert.Equal(0, reverted);
        Assert.Contains("1 of 1 values put back", lines, StringComparison.Ordinal);
        Assert.Equal(before[(0, Rmem)], pods[0].Read(Rmem));
    }

    [KernelFact]
    public void A_bad_setting_ends_the_start()
    {
        using var tuner = TunerProcess.Start(node, "--tuner:interval=1m");
        Assert.Equal(78, tuner.WaitForExit());
        Assert.Contains("command line: tuner.interval: 1m is not allowed: must be 50ms to 500ms", tuner.Output, StringComparison.Ordinal);
    }

    [KernelFact]
    public void Killed_at_any_moment_it_leaves_values_that_the_next_one_can_explain_and_put_back()
    {
        var random = new Random(20260101);
        var rounds = int.Parse(Environment.GetEnvironmentVariable("NETPULSE_KILLS") ?? "24", System.Globalization.CultureInfo.InvariantCulture);
        for (var round = 0; round < rounds; round++)
        {
            using (var tuner = TunerProcess.Start(node))
            {
                if (round % 4 == 3)
                {
                    // What the killed one before left is made as it is wanted, not only explained.
                    var wanted = RandomWish(random);
                    Await(() => pods.Index().All(pod => Matches(wanted, pod.Index, Rmem) && Matches(wanted, pod.Index, Wmem)), tuner);
                }

                // Made by a fast hand, so that a kill falls between two writes of the Tuner often.
                var end = Environment.TickCount64 + random.Next(150, 700);
                while (Environment.TickCount64 < end)
                {
                    RandomWish(random);
                    SpinWait.SpinUntil(() => Environment.TickCount64 >= end, random.Next(1, 40));
                }

                if (round % 2 == 0)
                {
                    // In the middle of a step: as soon as something is written down.
                    var length = new FileInfo(node.HeldFile) is { Exists: true } file ? file.Length : 0;
                    RandomWish(random);
                    SpinWait.SpinUntil(() => new FileInfo(node.HeldFile) is { Exists: true } grown && grown.Length != length, TimeSpan.FromMilliseconds(300));
                }

                tuner.Kill();
            }

            AssertExplained(round);
        }

        var (code, lines) = TunerProcess.Revert(node);
        Assert.True(code == 0, lines);
        Assert.All(before, place => Assert.Equal(place.Value, pods[place.Key.Pod].Read(place.Key.Sysctl)));
    }

    public void Dispose()
    {
        node.Dispose();
        Array.ForEach(pods, pod => pod.Dispose());
    }

    private static SysctlSetting Setting(int pod, string sysctl, string value) => new()
    {
        Name = $"pod-{pod}-{sysctl[^4..]}",
        Pod = new PodReference { Namespace = "lab", Name = $"pod-{pod}" },
        Sysctl = sysctl,
        Value = value,
    };

    private static void Await(Func<bool> condition, TunerProcess tuner) =>
        Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(30)), tuner.Output);

    private List<SysctlSetting> RandomWish(Random random)
    {
        if (random.Next(4) == 0)
        {
            // A change of two sysctls that the whole workload is granted.
            var workload = new WorkloadReference { Namespace = "lab", Name = "pod" };
            var grant = new[] { Rmem, Wmem }.Select(sysctl =>
                new SysctlSetting { Name = $"grant-{sysctl[^4..]}", Change = "grant", Workload = workload, Sysctl = sysctl, Value = $"4096 131072 {random.Next(1_000_000, 9_000_000)}" }).ToList();
            node.Want([.. grant]);
            return grant;
        }

        var wish = before.Keys.Where(_ => random.Next(3) > 0).Select(place => Setting(place.Pod, place.Sysctl, $"4096 131072 {random.Next(1_000_000, 9_000_000)}")).ToList();
        node.Want([.. wish]);
        return wish;
    }

    private bool Matches(List<SysctlSetting> wish, int pod, string sysctl) =>
        pods[pod].Read(sysctl) == (wish.Find(s => (s.Workload is not null || s.Pod!.Name == $"pod-{pod}") && s.Sysctl == sysctl)?.Value ?? before[(pod, sysctl)]);

    /// <summary>Each value is what held before, or is written down together with it.</summary>
    private void AssertExplained(int round)
    {
        if (!Directory.Exists(node.StateDirectory))
        {
            return;
        }

        node.Start();
        var held = node.Held.All;
        node.Stop();
        foreach (var (place, original) in before)
        {
            var current = pods[place.Pod].Read(place.Sysctl);
            var record = held.SingleOrDefault(v => v.Path == pods[place.Pod].Path && v.Sysctl == place.Sysctl);
            var explained = record is null ? current == original : record.Before == original && (current == original || current == record.Written || (record.Phase != HeldPhase.Held && current == record.Replaced));
            Assert.True(explained, $"round {round}: {place} is {current}, was {original}, written down: {record}");
        }
    }
}
