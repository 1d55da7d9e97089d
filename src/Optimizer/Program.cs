using NetPulse.Hosting;
using NetPulse.Optimizer;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Optimizer.Ingest;
using NetPulse.Optimizer.Journal;
using NetPulse.Optimizer.Policies.Commands;
using NetPulse.Optimizer.Policies.Live;
using NetPulse.Optimizer.Profiles;
using NetPulse.Optimizer.Queries;
using NetPulse.Optimizer.Rollout;
using NetPulse.Optimizer.Schedule;
using NetPulse.Optimizer.Web;
using NetPulse.Telemetry.Exposition;

if (args is [PoliciesCommand.Verb, .. var question])
{
    return await PoliciesCommand.RunAsync(question, Console.Out, Console.Error);
}

if (args is [ProfileCommand.Verb, .. var profile])
{
    return await ProfileCommand.RunAsync(profile, Console.Out, Console.Error);
}

return await ServiceStart.RunAsync(args, static configuration =>
{
    var builder = WebApplication.CreateEmptyBuilder(new());
    builder.UseServiceConfiguration(configuration);
    var isInCluster = configuration.Root.ObjectSourceOf(ClusterOptions.Section) == ObjectSource.Cluster;
    builder.ListenOnHttp("127.0.0.1:8470", isInCluster ? HttpAuthorization.Kubernetes : HttpAuthorization.None);
    builder.Services.AddAccessControl(configuration.Root, isInCluster ? HttpAuthorization.Kubernetes : HttpAuthorization.None);
    builder.Services.AddSampleStore();
    builder.Services.AddQueries();
    builder.Services.AddCluster(configuration.Root);
    builder.Services.AddDetection();
    builder.Services.AddDiagnosis();
    builder.Services.AddProfiles();
    builder.Services.AddJournal();
    builder.Services.AddPolicies();
    builder.Services.AddRollout(configuration.Root);
    builder.Services.AddSingleton<OptimizationRun>();
    builder.Services.AddSchedule(configuration.Root);
    builder.Services.AddHostedService<StartReport>();
    builder.Services.AddSingleton<Approvals>();
    builder.Services.AddSingleton<AlertLog>();
    builder.Services.AddSingleton<OwnMetrics>();

    var app = builder.Build();
    // First, so that it hears every meter from its first count on.
    _ = app.Services.GetRequiredService<OwnMetrics>();
    app.UseAccessControl();
    app.MapRemoteWrite();
    app.MapLineProtocol();
    app.MapQueries();
    app.MapApi();
    app.MapAlerts();
    app.MapHealth();
    app.MapPage();
    return app;
});
