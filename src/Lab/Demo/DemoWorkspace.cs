using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Lab.Demo;

/// <summary>The directory of one demo: what a user would write by hand for a single host, written for them.</summary>
internal sealed class DemoWorkspace
{
    private readonly DemoSettings settings;

    public DemoWorkspace(DemoSettings settings)
    {
        this.settings = settings;
        Root = Path.GetFullPath(settings.Directory);
    }

    public string Root { get; }

    /// <summary>As every object and every setting names this node.</summary>
    public static string Node { get; } = Environment.MachineName.ToLowerInvariant();

    public string Objects => Path.Combine(Root, "objects");

    public string TunerState => Path.Combine(Root, "tuner");

    /// <summary>What a Tuner holds, or held when it was killed.</summary>
    public string HeldValues => Path.Combine(TunerState, "held.jsonl");

    public string Logs => Path.Combine(Root, "log");

    public string Journal => Path.Combine(Root, "optimizer", "journal.jsonl");

    public string Policy => Path.Combine(Root, "policy.yaml");

    public string Settings(string service) => Path.Combine(Root, $"{service}.yaml");

    /// <summary>Empties the directory and writes every file anew.</summary>
    public void Write(OptimizationMode mode) => Write(new OptimizationPolicySpec
    {
        Mode = mode,
        Namespaces = [Topology.PodDescription.KubernetesNamespace],
        Sysctls = [new AllowedSysctl { Name = "net.ipv4.tcp_rmem", Maximum = 16 << 20 }],
        Canary = new CanarySpec { Duration = TimeSpan.FromSeconds(25) },
        Limits = new ChangeLimits { ChangesPerHour = 10 },
    });

    /// <inheritdoc cref="Write(OptimizationMode)"/>
    public void Write(OptimizationPolicySpec policy)
    {
        if (Directory.Exists(Root))
        {
            Directory.Delete(Root, recursive: true);
        }

        foreach (var folder in new[] { Root, Objects, Path.Combine(Objects, "pods"), Path.Combine(Objects, "nodetunings"), TunerState, Logs })
        {
            Directory.CreateDirectory(folder);
        }

        ObjectFile.Write(Policy, new OptimizationPolicy { Metadata = new ObjectMeta { Name = "demo" }, Spec = policy });
        File.WriteAllText(Settings("collector"), $"""
            node:
              name: {Node}
            sampling:
              interval: {settings.SamplingInterval}
            attribution:
              podsDirectory: {Path.Combine(Objects, "pods")}
            http:
              listen: 127.0.0.1:{settings.CollectorPort}
            export:
              destinations:
                - name: optimizer
                  url: http://127.0.0.1:{settings.OptimizerPort}/api/v1/write
                  readings: 1 # each at once: the loop decides by the newest

            """);
        File.WriteAllText(Settings("tuner"), $"""
            tuner:
              node: {Node}
              objectsDirectory: {Objects}
              stateDirectory: {TunerState}

            """);
        File.WriteAllText(Settings("optimizer"), $"""
            cluster:
              objectsDirectory: {Objects}
              policyFile: {Policy}
            schedule:
              cron: "{settings.Cron}"
            store:
              embedded:
                directory: {Path.Combine(Root, "store")}
            journal:
              file: {Journal}
            http:
              listen: 127.0.0.1:{settings.OptimizerPort}

            """);
    }
}
