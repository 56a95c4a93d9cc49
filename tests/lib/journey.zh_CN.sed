# SPDX-License-Identifier: MIT
# What a journey (journey.sh) awaits, in Simplified Chinese.
s/When does it end/令牌何时过期/g
s/expect \{asked no more: ([^}]*)\}/expect {要不再询问，请运行 \1}/g
s/expect \{([^ }]+) is stored\}/expect {已保存 \1}/g
s/is stored \(jwt/（jwt/g
s/is stored/已保存/g
s/Token \(not shown while you type\): /令牌（输入时不显示）：/g
s/expect Token$/expect 令牌（/
s/register this redirect URI with the app, if not done: /请在应用中配置这个重定向 URL（如果还没有）： /g
s/an error about redirect_uri there\? register the URI above with the app/那里报告 redirect_uri 错误？请在应用中配置上面的重定向 URL/g
s/the token works, as user/令牌有效，用户是/g
s/the token works/令牌有效/g
s/on any device/请在任意设备上登录/g
s/client id: /客户端 ID：/g
s/as "dev" with the app/账号“dev”，应用/g
s/the quotes around it are taken off/已去掉它的引号/g
s/waiting for you to allow it/正在等待你同意授权/g
s/still holds the secret in plain text/仍有明文的机密信息/g
s/Password$/桌面密钥环的密码/
s/have the app activated at .*/启用应用/
s/in ([0-9]+) days/\1 天后/g
s/^en$/zh-CN/
s/expect \{([0-9]+) to ([0-9]+) of ([0-9]+)\}/expect {第 \1 至 \2 个，共 \3 个}/g
