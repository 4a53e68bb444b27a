//! What a monitor reads.

use doorstep::access::Role;

db_test! {
    async fn counts_by_pattern_and_only_for_this_machine(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        let id = app.file_issue(Vec::new()).await;
        for _ in 0..3 {
            staff.get(&format!("/issues/{id}")).await.assert_ok();
        }
        let monitor = reqwest::Client::new();
        let url = format!("{}/metrics", app.url);
        let text = monitor.get(&url).send().await.unwrap().text().await.unwrap();
        let counted = r#"doorstep_requests_total{method="GET",pattern="/issues/{id}",status="200"} 3"#;
        assert!(text.contains(counted), "{text}");
        assert!(text.contains(r#"doorstep_request_seconds_count{method="GET",pattern="/issues/{id}"} 3"#), "{text}");
        assert!(text.contains("doorstep_outbox_waiting 0") && text.ends_with("# EOF\n"), "{text}");
        assert!(!text.contains(&id.to_string()), "no path of anything");
        for method in ["BREW", "WHEN"] {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            monitor.request(method, &app.url).send().await.unwrap();
        }
        let text = monitor.get(&url).send().await.unwrap().text().await.unwrap();
        assert!(text.contains("method=\"OTHER\"") && !text.contains("BREW"), "{text}");
        for header in ["x-forwarded-for", "forwarded"] {
            let through_a_proxy = monitor.get(&url).header(header, "for=203.0.113.7").send().await.unwrap();
            assert_eq!(through_a_proxy.status(), 404);
        }
    }
}
