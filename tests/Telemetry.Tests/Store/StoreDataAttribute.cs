using System.Reflection;
using Xunit.Sdk;

namespace NetPulse.Telemetry.Tests.Store;

public enum StoreKind
{
    Embedded,
    VictoriaMetrics,
    Prometheus,
    InfluxDB,
}

/// <summary>A store that the contract is tested on; skipped, with the reason, where its server is not installed.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class StoreDataAttribute : DataAttribute
{
    public StoreDataAttribute(StoreKind kind)
    {
        Kind = kind;
        Skip = kind == StoreKind.Embedded ? null : InstalledServer.ReasonToSkip(kind switch
        {
            StoreKind.Prometheus => "prometheus",
            StoreKind.InfluxDB => "influxd",
            _ => "victoria-metrics",
        });
    }

    public StoreKind Kind { get; }

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[Kind]];
}

/// <summary>A test that needs a real Prometheus.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PrometheusFactAttribute : FactAttribute
{
    public PrometheusFactAttribute() => Skip = InstalledServer.ReasonToSkip("prometheus");
}

internal static class InstalledServer
{
    public static string? ReasonToSkip(string program) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(directory => File.Exists(Path.Combine(directory, program)))
            ? null
            : $"needs {program}: install-dependencies.sh --test installs it";
}
