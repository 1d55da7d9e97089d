namespace NetPulse.Optimizer.Web;

/// <summary>For the kubelet: alive as long as it answers, ready once a run has ended.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/healthz", static () => Results.Text("ok\n"));
        endpoints.MapGet("/readyz", static (OptimizationRun run) => run.Latest.At > DateTimeOffset.MinValue
            ? Results.Text("ok\n")
            : Results.Text("no run has ended yet\n", statusCode: StatusCodes.Status503ServiceUnavailable));
    }
}
