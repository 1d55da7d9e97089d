using System.Text.Json.Nodes;
using NetPulse.Hosting;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Optimizer.Web;

/// <summary>What people decide about a recommendation, where they do not use kubectl.</summary>
/// <remarks>A decision stands: the kind's own rule refuses another. In standalone mode it is made in the recommendation's file.</remarks>
internal sealed partial class Approvals(ILogger<Approvals> logger, KubernetesClient? client = null)
{
    public async Task<IResult> DecideAsync(string @namespace, string name, ApprovalDecision decision, HttpContext context, CancellationToken cancellationToken)
    {
        if (client is null)
        {
            return Results.Text("set spec.approval in the recommendation's file\n", statusCode: StatusCodes.Status501NotImplemented);
        }

        if (decision == ApprovalDecision.Pending)
        {
            return Results.Text("decision must be Approved or Rejected\n", statusCode: StatusCodes.Status400BadRequest);
        }

        try
        {
            var patch = new ObjectPatch.Merge(new JsonObject { ["spec"] = new JsonObject { ["approval"] = decision.ToString() } });
            await client.PatchAsync<NetworkRecommendation>(name, @namespace, patch, cancellationToken: cancellationToken);
            LogDecided(@namespace, name, decision, AccessControl.UserOf(context));
            return Results.NoContent();
        }
        catch (KubernetesException e)
        {
            return Results.Text($"{e.Message}\n", statusCode: e.Code is >= 400 and < 500 ? e.Code : StatusCodes.Status503ServiceUnavailable);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Namespace}/{Name}: {Decision} by {User}")]
    private partial void LogDecided(string @namespace, string name, ApprovalDecision decision, string user);
}
