using System.Text.Json;
using System.Text.Json.Serialization;
using NetPulse.Hosting;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Journal;
using NetPulse.Optimizer.Policies.Live;
using NetPulse.Optimizer.Profiles;
using NetPulse.Optimizer.Schedule;

namespace NetPulse.Optimizer.Web;

/// <summary>What the page, and scripts, read; and the one thing that they may ask for: a run now.</summary>
internal static class ApiEndpoints
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private const int LongestProfile = 256 << 10;

    /// <summary>Whose numbers of entries they are: of two optimizers, or after a volume was lost, the same number is another entry.</summary>
    private static readonly string ThisProcess = Guid.NewGuid().ToString("N");

    public static void MapApi(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/v1/status", static (OptimizationRun run, ChangeJournal journal, HttpContext context) =>
        {
            var view = StatusView.Of(run.Latest, journal.Changes);
            return Results.Json(context.RequestServices.GetService<LeadersSchedule>() is { Standing: { Length: > 0 } standing } ? view with { Problems = view.Problems.Insert(0, standing) } : view, Json);
        });

        endpoints.MapGet("/api/v1/journal", static (ChangeJournal journal, HttpContext context, long after = 0) =>
        {
            context.Response.Headers["NetPulse-Journal"] = ThisProcess;
            return Results.Json(journal.Latest.Where(entry => entry.Sequence > after), Json);
        });

        endpoints.MapGet("/api/v1/policies/drops", static (PolicyRounds policies) => Results.Json(policies.Drops.Select(static d => new { d.Pod, d.Reason, d.Packets, d.Last, Policies = d.Isolating.Select(static p => $"{p}"), Finding = $"{d}" }), Json));
        endpoints.MapGet("/api/v1/policies/denials", static (PolicyRounds policies) => Results.Json(policies.Denials.Select(static d => new { Flow = $"{d.Flow}", d.Flow.Count, d.Flow.LastSeen, Verdict = $"{d.Verdict}", Finding = $"{d}" }), Json));
        endpoints.MapPost("/api/v1/profile", static async (HttpRequest request, ProfileWatch profiles, OptimizationRun run, CancellationToken cancellationToken) =>
        {
            if (request.ContentLength is null or > LongestProfile)
            {
                return Results.Text($"a profile has a length of at most {LongestProfile} bytes\n", statusCode: StatusCodes.Status413PayloadTooLarge);
            }

            using var body = new StreamReader(request.Body);
            var judged = await profiles.JudgeAsync(await body.ReadToEndAsync(cancellationToken), run.Latest.Findings, run.Latest.Proposals, cancellationToken);
            return Results.Text(string.Concat(judged.SelectMany(node => node.Lines.Select(line => $"{node.Node}: {line}\n"))));
        }).WithMetadata(AccessRule.Read);

        endpoints.MapPost("/api/v1/runs", static async (RunDemand demand, CancellationToken cancellationToken) =>
        {
            await demand.NowAsync(cancellationToken);
            return Results.Accepted();
        }).WithMetadata(AccessRule.Run);

        endpoints.MapPost("/api/v1/recommendations/{namespace}/{name}/approval", static (string @namespace, string name, ApprovalDecision decision, Approvals approvals, HttpContext context, CancellationToken cancellationToken) =>
            approvals.DecideAsync(@namespace, name, decision, context, cancellationToken)).WithMetadata(AccessRule.Approve);
    }
}
