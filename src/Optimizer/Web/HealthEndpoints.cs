using NetPulse.Hosting;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Web;

/// <summary>For the kubelet: alive as long as it answers, ready once a run has ended. For Prometheus: what we ourselves count.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/metrics", static (HttpContext context, OwnMetrics metrics, TimeProvider time) =>
        {
            var samples = new SampleWriter(time.GetUtcNow());
            metrics.Write(samples, static (metric, label) => label.Name is null ? LabelSet.Of(metric.Name) : LabelSet.Of(metric.Name, (label.Name, label.Value)));
            return context.WriteMetricsAsync(samples.Families());
        }).WithMetadata(AccessRule.Metrics);
        endpoints.MapGet("/healthz", static () => Results.Text("ok\n")).WithMetadata(AccessRule.Open);
        endpoints.MapGet("/readyz", static (OptimizationRun run) => run.Latest.At > DateTimeOffset.MinValue
            ? Results.Text("ok\n")
            : Results.Text("no run has ended yet\n", statusCode: StatusCodes.Status503ServiceUnavailable)).WithMetadata(AccessRule.Open);
    }
}
