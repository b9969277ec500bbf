<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="ko">
<context>
    <name>Actions</name>
    <message>
        <source>&amp;File</source>
        <translation>파일(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>편집(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;Go</source>
        <translation>이동(&amp;G)</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>보기(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Masks</source>
        <translation>마스크(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Net</source>
        <translation>신경망(&amp;N)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>도움말(&amp;H)</translation>
    </message>
    <message>
        <source>&amp;Layout</source>
        <translation>배치(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Data Set</source>
        <translation>데이터 세트(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Move</source>
        <translation>화면 이동(&amp;M)</translation>
    </message>
    <message>
        <source>T&amp;heme</source>
        <translation>테마(&amp;H)</translation>
    </message>
    <message>
        <source>Lan&amp;guage</source>
        <translation>언어(&amp;G)</translation>
    </message>
    <message>
        <source>&amp;Palette</source>
        <translation>팔레트(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Device</source>
        <translation>장치(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Precision</source>
        <translation>정밀도(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Memory for a Photo</source>
        <translation>사진당 메모리(&amp;M)</translation>
    </message>
    <message>
        <source>What the net may take while it works. A photo that needs more is done in strips, with the same masks; photo and masks come on top. Automatic: what is free.</source>
        <translation>신경망이 작업하는 동안 쓸 수 있는 메모리입니다. 더 많이 필요한 사진은 여러 띠로 나누어 처리하며 마스크는 같습니다. 사진과 마스크의 메모리는 별도입니다. 자동: 남아 있는 만큼.</translation>
    </message>
    <message>
        <source>&amp;Open…</source>
        <translation>열기(&amp;O)…</translation>
    </message>
    <message>
        <source>Open &amp;Folder…</source>
        <translation>폴더 열기(&amp;F)…</translation>
    </message>
    <message>
        <source>&amp;Watch a Run…</source>
        <translation>학습 지켜보기(&amp;W)…</translation>
    </message>
    <message>
        <source>&amp;Hold the Run&apos;s Checkpoint</source>
        <translation>학습 체크포인트 고정(&amp;H)</translation>
    </message>
    <message>
        <source>Stop Watching the &amp;Run</source>
        <translation>학습 그만 지켜보기(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Paste</source>
        <translation>붙여넣기(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Ground Truth…</source>
        <translation>정답 마스크(&amp;G)…</translation>
    </message>
    <message>
        <source>&amp;Forget Chosen Ground Truth</source>
        <translation>고른 정답 마스크 취소(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Export…</source>
        <translation>내보내기(&amp;E)…</translation>
    </message>
    <message>
        <source>Save &amp;Trace…</source>
        <translation>트레이스 저장(&amp;T)…</translation>
    </message>
    <message>
        <source>Save &amp;View…</source>
        <translation>화면 저장(&amp;V)…</translation>
    </message>
    <message>
        <source>&amp;Copy View</source>
        <translation>화면 복사(&amp;C)</translation>
    </message>
    <message>
        <source>Copy Pat&amp;h</source>
        <translation>경로 복사(&amp;H)</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>끝내기(&amp;Q)</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>실행 취소(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>다시 실행(&amp;R)</translation>
    </message>
    <message>
        <source>Re&amp;move Photo from List</source>
        <translation>목록에서 사진 빼기(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Clear List</source>
        <translation>목록 비우기(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Previous Photo</source>
        <translation>이전 사진(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Next Photo</source>
        <translation>다음 사진(&amp;N)</translation>
    </message>
    <message>
        <source>&amp;First Photo</source>
        <translation>첫 사진(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Last Photo</source>
        <translation>마지막 사진(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>취소(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Compare</source>
        <translation>비교(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Heat Maps</source>
        <translation>히트맵(&amp;H)</translation>
    </message>
    <message>
        <source>&amp;Fusion</source>
        <translation>융합(&amp;F)</translation>
    </message>
    <message>
        <source>C&amp;hanges</source>
        <translation>변화(&amp;H)</translation>
    </message>
    <message>
        <source>&amp;Photo</source>
        <translation>사진(&amp;P)</translation>
    </message>
    <message>
        <source>Ground &amp;Truth</source>
        <translation>정답 마스크(&amp;T)</translation>
    </message>
    <message>
        <source>FCN-&amp;32s</source>
        <translation>FCN-&amp;32s</translation>
    </message>
    <message>
        <source>FCN-&amp;16s</source>
        <translation>FCN-&amp;16s</translation>
    </message>
    <message>
        <source>FCN-&amp;8s</source>
        <translation>FCN-&amp;8s</translation>
    </message>
    <message>
        <source>&amp;Automatic</source>
        <translation>자동(&amp;A)</translation>
    </message>
    <message>
        <source>FCN-&amp;4s</source>
        <translation>FCN-&amp;4s</translation>
    </message>
    <message>
        <source>&amp;Side by Side</source>
        <translation>나란히(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Grid</source>
        <translation>격자(&amp;G)</translation>
    </message>
    <message>
        <source>S&amp;ingle</source>
        <translation>하나만(&amp;I)</translation>
    </message>
    <message>
        <source>S&amp;wipe</source>
        <translation>밀어 보기(&amp;W)</translation>
    </message>
    <message>
        <source>&amp;Difference</source>
        <translation>차이(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Blink Next Mask (hold)</source>
        <translation>다음 마스크와 번갈아 보기, 누르고 있기(&amp;B)</translation>
    </message>
    <message>
        <source>Blink P&amp;revious Mask (hold)</source>
        <translation>이전 마스크와 번갈아 보기, 누르고 있기(&amp;R)</translation>
    </message>
    <message>
        <source>Zoom &amp;In</source>
        <translation>확대(&amp;I)</translation>
    </message>
    <message>
        <source>Zoom &amp;Out</source>
        <translation>축소(&amp;O)</translation>
    </message>
    <message>
        <source>&amp;Fit</source>
        <translation>창에 맞춤(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Actual Size</source>
        <translation>실제 크기(&amp;A)</translation>
    </message>
    <message>
        <source>Move Left</source>
        <translation>왼쪽으로</translation>
    </message>
    <message>
        <source>Move Right</source>
        <translation>오른쪽으로</translation>
    </message>
    <message>
        <source>Move Up</source>
        <translation>위로</translation>
    </message>
    <message>
        <source>Move Down</source>
        <translation>아래로</translation>
    </message>
    <message>
        <source>As the S&amp;ystem</source>
        <translation>시스템 설정대로(&amp;Y)</translation>
    </message>
    <message>
        <source>&amp;Light</source>
        <translation>밝게(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Dark</source>
        <translation>어둡게(&amp;D)</translation>
    </message>
    <message>
        <source>S&amp;witch Light and Dark</source>
        <translation>밝게와 어둡게 바꾸기(&amp;W)</translation>
    </message>
    <message>
        <source>English</source>
        <translation>English</translation>
    </message>
    <message>
        <source>한국어</source>
        <translation>한국어</translation>
    </message>
    <message>
        <source>Film S&amp;trip</source>
        <translation>필름 스트립(&amp;T)</translation>
    </message>
    <message>
        <source>P&amp;robe</source>
        <translation>탐침(&amp;R)</translation>
    </message>
    <message>
        <source>Unpin the Pro&amp;be</source>
        <translation>탐침 고정 해제(&amp;B)</translation>
    </message>
    <message>
        <source>L&amp;egend</source>
        <translation>범례(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;Data Set Table</source>
        <translation>데이터 세트 표(&amp;D)</translation>
    </message>
    <message>
        <source>Table &amp;Below the Pictures</source>
        <translation>표를 그림 아래에(&amp;B)</translation>
    </message>
    <message>
        <source>&amp;Order Film Strip Like Table</source>
        <translation>필름 스트립을 표 순서로(&amp;O)</translation>
    </message>
    <message>
        <source>S&amp;top Measuring</source>
        <translation>측정 멈춤(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Measure Anew</source>
        <translation>다시 측정(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Copy Table as CSV</source>
        <translation>표를 CSV로 복사(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Save Table…</source>
        <translation>표 저장(&amp;S)…</translation>
    </message>
    <message>
        <source>F&amp;ull Screen</source>
        <translation>전체 화면(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Show Masks</source>
        <translation>마스크 보이기(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Outlines Only</source>
        <translation>윤곽선만(&amp;O)</translation>
    </message>
    <message>
        <source>&amp;Wrong Pixels Only</source>
        <translation>틀린 픽셀만(&amp;W)</translation>
    </message>
    <message>
        <source>&amp;More Opaque</source>
        <translation>더 불투명하게(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Less Opaque</source>
        <translation>더 투명하게(&amp;L)</translation>
    </message>
    <message>
        <source>Hatch M&amp;ore Unsure Pixels</source>
        <translation>빗금 칠 픽셀 늘리기(&amp;O)</translation>
    </message>
    <message>
        <source>Hatch &amp;Fewer Unsure Pixels</source>
        <translation>빗금 칠 픽셀 줄이기(&amp;F)</translation>
    </message>
    <message>
        <source>Next Class A&amp;lone</source>
        <translation>다음 클래스만 보기(&amp;L)</translation>
    </message>
    <message>
        <source>Show &amp;All Classes</source>
        <translation>모든 클래스 보기(&amp;A)</translation>
    </message>
    <message>
        <source>The &amp;Data Set&apos;s Own</source>
        <translation>데이터 세트의 색(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Okabe-Ito, Extended (colour-blind safe)</source>
        <translation>Okabe-Ito 확장, 색각 이상 배려(&amp;O)</translation>
    </message>
    <message>
        <source>&amp;Tol Muted, Extended (colour-blind safe)</source>
        <translation>Tol muted 확장, 색각 이상 배려(&amp;T)</translation>
    </message>
    <message>
        <source>Open &amp;Palette…</source>
        <translation>팔레트 열기(&amp;P)…</translation>
    </message>
    <message>
        <source>&amp;Save Palette…</source>
        <translation>팔레트 저장(&amp;S)…</translation>
    </message>
    <message>
        <source>&amp;Everyday Photos</source>
        <translation>일상 사진(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;Streets</source>
        <translation>거리(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;What Is in It?</source>
        <translation>무엇이 있나요?(&amp;W)</translation>
    </message>
    <message>
        <source>Ne&amp;xt Net</source>
        <translation>다음 신경망(&amp;X)</translation>
    </message>
    <message>
        <source>&amp;Open Checkpoint…</source>
        <translation>체크포인트 열기(&amp;O)…</translation>
    </message>
    <message>
        <source>&amp;Compare with Checkpoint…</source>
        <translation>다른 체크포인트와 비교(&amp;C)…</translation>
    </message>
    <message>
        <source>Chec&amp;kpoints…</source>
        <translation>체크포인트(&amp;K)…</translation>
    </message>
    <message>
        <source>C&amp;lose Last Checkpoint</source>
        <translation>마지막 체크포인트 닫기(&amp;L)</translation>
    </message>
    <message>
        <source>Checkpoint Doc&amp;tor…</source>
        <translation>체크포인트 진단(&amp;T)…</translation>
    </message>
    <message>
        <source>&amp;CPU</source>
        <translation>&amp;CPU</translation>
    </message>
    <message>
        <source>C&amp;UDA</source>
        <translation>C&amp;UDA</translation>
    </message>
    <message>
        <source>Apple &amp;GPU (MPS)</source>
        <translation>Apple &amp;GPU (MPS)</translation>
    </message>
    <message>
        <source>fp&amp;32</source>
        <translation>fp&amp;32</translation>
    </message>
    <message>
        <source>&amp;bf16</source>
        <translation>&amp;bf16</translation>
    </message>
    <message>
        <source>&amp;fp16</source>
        <translation>&amp;fp16</translation>
    </message>
    <message>
        <source>&amp;2 GB</source>
        <translation>&amp;2GB</translation>
    </message>
    <message>
        <source>&amp;4 GB</source>
        <translation>&amp;4GB</translation>
    </message>
    <message>
        <source>&amp;8 GB</source>
        <translation>&amp;8GB</translation>
    </message>
    <message>
        <source>&amp;16 GB</source>
        <translation>&amp;16GB</translation>
    </message>
    <message>
        <source>&amp;Find a Command…</source>
        <translation>명령 찾기(&amp;F)…</translation>
    </message>
    <message>
        <source>Guided &amp;Tour</source>
        <translation>안내 둘러보기(&amp;T)</translation>
    </message>
    <message>
        <source>Explain This &amp;View</source>
        <translation>이 화면 설명(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Keyboard Shortcuts</source>
        <translation>키보드 단축키(&amp;K)</translation>
    </message>
    <message>
        <source>&amp;About FCN Studio</source>
        <translation>FCN Studio 정보(&amp;A)</translation>
    </message>
</context>
<context>
    <name>BoundariesPage</name>
    <message>
        <source>Lines are one pixel of the screen wide at every zoom; void makes none.</source>
        <translation>선은 어떤 배율에서도 화면 1픽셀 너비이며, 무시 영역에는 선이 없습니다.</translation>
    </message>
</context>
<context>
    <name>Captions</name>
    <message>
        <source>Photo</source>
        <translation>사진</translation>
    </message>
    <message>
        <source>Ground truth</source>
        <translation>정답 마스크</translation>
    </message>
    <message>
        <source>ground truth without class names</source>
        <translation>클래스 이름이 없는 정답</translation>
    </message>
    <message>
        <source>the ground truth has other classes</source>
        <translation>정답 마스크의 클래스가 다릅니다</translation>
    </message>
    <message>
        <source>mean IU {0} · pixel accuracy {1}</source>
        <translation>평균 IU {0} · 픽셀 정확도 {1}</translation>
    </message>
    <message>
        <source>waiting for its mask</source>
        <translation>마스크를 기다리는 중</translation>
    </message>
    <message>
        <source>without a mask</source>
        <translation>마스크 없음</translation>
    </message>
    <message>
        <source>exit of {0}</source>
        <translation>{0}의 출력</translation>
    </message>
    <message>
        <source>strips of {0} rows</source>
        <translation>{0}행씩 띠로</translation>
    </message>
    <message>
        <source>{0} in {1} spans of columns</source>
        <translation>{0}, 열 구간 {1}개</translation>
    </message>
    <message>
        <source>void</source>
        <translation>무시</translation>
    </message>
</context>
<context>
    <name>CatalogDetails</name>
    <message>
        <source>Short names</source>
        <translation>짧은 이름</translation>
    </message>
    <message>
        <source>Knows</source>
        <translation>아는 것</translation>
    </message>
    <message>
        <source>Publisher</source>
        <translation>배포자</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>라이선스</translation>
    </message>
    <message>
        <source>Figures</source>
        <translation>수치</translation>
    </message>
    <message>
        <source>Digest</source>
        <translation>해시값</translation>
    </message>
    <message>
        <source>Described in</source>
        <translation>설명 문서</translation>
    </message>
    <message>
        <source>File</source>
        <translation>파일</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>참고</translation>
    </message>
    <message>
        <source>On this machine</source>
        <translation>이 컴퓨터의 경로</translation>
    </message>
    <message>
        <source>None are stated with the file.</source>
        <translation>파일과 함께 제시된 수치가 없습니다.</translation>
    </message>
    <message>
        <source>{0} {1}, checked when it is downloaded</source>
        <translation>{0} {1}, 내려받을 때 확인합니다</translation>
    </message>
    <message>
        <source>None is published, so the file cannot be verified.</source>
        <translation>공개된 해시값이 없어 파일을 검증할 수 없습니다.</translation>
    </message>
    <message>
        <source>Read: sha256 {0}</source>
        <translation>읽은 값: sha256 {0}</translation>
    </message>
</context>
<context>
    <name>CatalogDialog</name>
    <message>
        <source>Checkpoints</source>
        <translation>체크포인트</translation>
    </message>
    <message>
        <source>Published nets that open here. A download is checked against its published digest, is gone on with where it broke off, and goes on when you close this.</source>
        <translation>여기서 열 수 있는 공개된 신경망입니다. 내려받은 파일은 공개된 해시값으로 확인합니다. 끊긴 곳에서 이어받으며, 이 창을 닫아도 계속 내려받습니다.</translation>
    </message>
    <message>
        <source>About the chosen checkpoint</source>
        <translation>고른 체크포인트 정보</translation>
    </message>
    <message>
        <source>Progress of the download</source>
        <translation>내려받기 진행률</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>이름</translation>
    </message>
    <message>
        <source>Variants</source>
        <translation>변형</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>라벨</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>크기</translation>
    </message>
    <message>
        <source>Figure, %</source>
        <translation>수치, %</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>라이선스</translation>
    </message>
    <message>
        <source>State</source>
        <translation>상태</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>닫기</translation>
    </message>
    <message>
        <source>&amp;Download</source>
        <translation>내려받기(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Cancel Download</source>
        <translation>내려받기 취소(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Open</source>
        <translation>열기(&amp;O)</translation>
    </message>
    <message>
        <source>Comes with FCN Studio</source>
        <translation>FCN Studio에 포함</translation>
    </message>
    <message>
        <source>classifier</source>
        <translation>분류기</translation>
    </message>
    <message>
        <source>not stated</source>
        <translation>제시되지 않음</translation>
    </message>
    <message>
        <source>being downloaded</source>
        <translation>내려받는 중</translation>
    </message>
    <message>
        <source>here</source>
        <translation>있음</translation>
    </message>
    <message>
        <source>downloaded</source>
        <translation>내려받음</translation>
    </message>
    <message>
        <source>not here</source>
        <translation>없음</translation>
    </message>
    <message>
        <source>{0}: {1} MB</source>
        <translation>{0}: {1} MB</translation>
    </message>
    <message>
        <source>Checking {0}: {1} of {2} MB</source>
        <translation>{0} 확인 중: {1}/{2} MB</translation>
    </message>
    <message>
        <source>{0}: {1} of {2} MB</source>
        <translation>{0}: {1}/{2} MB</translation>
    </message>
    <message>
        <source>{0}: {1} of {2} MB, {3} MB/s, {4} s left</source>
        <translation>{0}: {1}/{2} MB, {3} MB/s, {4}초 남음</translation>
    </message>
    <message>
        <source>{0}: {1} of {2} MB, {3} MB/s, {4} min left</source>
        <translation>{0}: {1}/{2} MB, {3} MB/s, {4}분 남음</translation>
    </message>
</context>
<context>
    <name>CatalogMenu</name>
    <message>
        <source>{0} has been downloaded.</source>
        <translation>{0}을(를) 내려받았습니다.</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>열기</translation>
    </message>
</context>
<context>
    <name>Changes</name>
    <message>
        <source>Changes from {0} to {1}</source>
        <translation>{0}에서 {1}로의 변화</translation>
    </message>
    <message>
        <source>Boundaries</source>
        <translation>경계</translation>
    </message>
    <message>
        <source>Decider</source>
        <translation>결정한 층</translation>
    </message>
    <message>
        <source>Tipping point of {0}</source>
        <translation>{0}의 전환점</translation>
    </message>
    <message>
        <source>Rescue and harm from {0} to {1}</source>
        <translation>{0}에서 {1}로의 구함과 해침</translation>
    </message>
    <message>
        <source>Trimap curve</source>
        <translation>트라이맵 곡선</translation>
    </message>
    <message>
        <source>Gain pad</source>
        <translation>이득 판</translation>
    </message>
    <message>
        <source>Pixels whose class with the highest score is another one in FCN-{1} than in FCN-{0}, in the colour of their class in FCN-{1}.</source>
        <translation>점수가 가장 높은 클래스가 FCN-{0}과 FCN-{1}에서 다른 픽셀, FCN-{1}의 클래스 색으로.</translation>
    </message>
    <message>
        <source>Lines where neighbouring pixels have different classes, one for each net; where lines meet, the net that is lower in the list is on top.</source>
        <translation>이웃한 픽셀의 클래스가 다른 곳의 선, 신경망마다 하나씩. 선이 겹치면 목록의 아래쪽 신경망이 위에 옵니다.</translation>
    </message>
    <message>
        <source>The score layer that carries most of the margin: of its score for the winning class less its score for the runner-up, summed over all layers, it adds the largest part.</source>
        <translation>여유를 가장 많이 맡은 점수 층: 1위 클래스 점수에서 2위 클래스 점수를 뺀 값의 합에서 가장 큰 몫을 더합니다.</translation>
    </message>
    <message>
        <source>The gain at which the pixel changes its class while {0} is turned down from 1 to 0 and all else stays: scores are gain times {0} plus the rest.</source>
        <translation>다른 것은 그대로 두고 {0}을(를) 1에서 0으로 줄일 때 픽셀의 클래스가 바뀌는 이득: 점수는 이득 x {0} + 나머지입니다.</translation>
    </message>
    <message>
        <source>Pixels whose class changed from FCN-{0} to FCN-{1}, by whether the class before and the class after is the one of the ground truth.</source>
        <translation>FCN-{0}에서 FCN-{1}로 클래스가 바뀐 픽셀, 이전과 이후의 클래스가 정답인지에 따라.</translation>
    </message>
    <message>
        <source>Mean IU (intersection over union, averaged over classes) of the pixels that lie within so many pixels of a boundary in the ground truth: how exactly each net follows outlines.</source>
        <translation>정답의 경계에서 몇 픽셀 안에 있는 픽셀의 평균 IU(교집합 나누기 합집합, 클래스 평균): 신경망이 윤곽을 얼마나 정확히 따르는지.</translation>
    </message>
    <message>
        <source>Mean IU on this photo with both skips made weaker or stronger: score_fr plus gain times score_pool4 plus gain times score_pool3.</source>
        <translation>두 스킵을 약하거나 세게 했을 때 이 사진의 평균 IU: score_fr + 이득 x score_pool4 + 이득 x score_pool3.</translation>
    </message>
    <message>
        <source>This checkpoint has not both of FCN-{0} and FCN-{1}; open one that has.</source>
        <translation>이 체크포인트에는 FCN-{0}과 FCN-{1}이 모두 있지 않습니다. 둘 다 있는 것을 여세요.</translation>
    </message>
    <message>
        <source>This checkpoint has no such skip layer; open a net of a finer stride, such as FCN-8s.</source>
        <translation>이 체크포인트에는 그런 스킵 층이 없습니다. FCN-8s처럼 더 세밀한 스트라이드의 신경망을 여세요.</translation>
    </message>
    <message>
        <source>This photo has no ground truth of the net&apos;s classes; open its mask to see this.</source>
        <translation>이 사진에는 신경망 클래스의 정답이 없습니다. 마스크를 열면 볼 수 있습니다.</translation>
    </message>
    <message>
        <source>Rescued: wrong, then right</source>
        <translation>구함: 틀렸다가 맞음</translation>
    </message>
    <message>
        <source>Harmed: right, then wrong</source>
        <translation>해침: 맞았다가 틀림</translation>
    </message>
    <message>
        <source>Wrong, then wrong in another way</source>
        <translation>틀렸다가 다르게 틀림</translation>
    </message>
    <message>
        <source>Ground truth</source>
        <translation>정답 마스크</translation>
    </message>
</context>
<context>
    <name>ChangesPage</name>
    <message>
        <source>Click a row, or press the space bar on it, to see only its pixels; again, for all.</source>
        <translation>행을 클릭하거나 스페이스 바를 누르면 그 픽셀만 보이고, 다시 하면 모두 보입니다.</translation>
    </message>
    <message>
        <source>{0} of {1} pixels changed their class, {2} % of the photo.</source>
        <translation>{1}픽셀 중 {0}픽셀이 클래스를 바꿨습니다. 사진의 {2} %입니다.</translation>
    </message>
</context>
<context>
    <name>ChangesView</name>
    <message>
        <source>Map of changes</source>
        <translation>변화 맵</translation>
    </message>
    <message>
        <source>Map</source>
        <translation>맵</translation>
    </message>
    <message>
        <source>Open a photo to see where fusion changes its class.</source>
        <translation>사진을 열면 융합이 클래스를 바꾼 곳이 보입니다.</translation>
    </message>
    <message>
        <source>Segmenting…</source>
        <translation>분할 중…</translation>
    </message>
    <message>
        <source>No mask</source>
        <translation>마스크 없음</translation>
    </message>
    <message>
        <source>Computing…</source>
        <translation>계산 중…</translation>
    </message>
    <message>
        <source>SVG pictures (*.svg);;PDF documents (*.pdf)</source>
        <translation>SVG 그림 (*.svg);;PDF 문서 (*.pdf)</translation>
    </message>
    <message>
        <source>Save the trimap curve</source>
        <translation>트라이맵 곡선 저장</translation>
    </message>
</context>
<context>
    <name>ChannelsDialog</name>
    <message>
        <source>Channels behind x {0}, y {1}</source>
        <translation>x {0}, y {1} 뒤의 채널</translation>
    </message>
    <message>
        <source>{0}, score {1} in FCN-{2}</source>
        <translation>{0}, FCN-{2}의 점수 {1}</translation>
    </message>
    <message>
        <source>The ten channels that add most to this score, or take most from it. Uncheck one to mute it in the whole net and see the mask without it.</source>
        <translation>이 점수에 가장 많이 더하거나 빼는 채널 열 개입니다. 선택을 해제하면 신경망 전체에서 그 채널을 끄고 그 마스크를 봅니다.</translation>
    </message>
    <message>
        <source>Channels</source>
        <translation>채널</translation>
    </message>
    <message>
        <source>Channel</source>
        <translation>채널</translation>
    </message>
    <message>
        <source>Share</source>
        <translation>비율</translation>
    </message>
    <message>
        <source>Score layer</source>
        <translation>점수 층</translation>
    </message>
    <message>
        <source>The other {0} channels add {1}, the biases {2}.</source>
        <translation>나머지 채널 {0}개가 {1}, 편향이 {2}을(를) 더합니다.</translation>
    </message>
    <message>
        <source>Mask without the muted channels</source>
        <translation>끈 채널이 없는 마스크</translation>
    </message>
    <message>
        <source>{0} channels muted: {1} % of the pixels change their class.</source>
        <translation>끈 채널 {0}개: 픽셀의 {1} %가 클래스를 바꿉니다.</translation>
    </message>
</context>
<context>
    <name>ClassLegend</name>
    <message>
        <source>Classes</source>
        <translation>클래스</translation>
    </message>
    <message>
        <source>Share of pixels in percent. Click hides a class, Alt+click shows it alone.</source>
        <translation>픽셀 비율(%). 클릭하면 숨기고, Alt+클릭하면 그 클래스만 보입니다.</translation>
    </message>
    <message>
        <source>Probability in percent, of the whole photo and at its peak. The mean of a class&apos;s map is the classifier&apos;s logit. Click shows where a class is, Alt+click its pixels alone.</source>
        <translation>사진 전체와 가장 높은 곳의 확률(%)입니다. 클래스 맵의 평균이 곧 분류기의 로짓입니다. 클릭하면 클래스가 있는 곳을, Alt+클릭하면 그 픽셀만 봅니다.</translation>
    </message>
    <message>
        <source>Checkpoint whose shares are listed</source>
        <translation>비율을 보여 줄 체크포인트</translation>
    </message>
    <message>
        <source>Classes and their shares of pixels</source>
        <translation>클래스와 픽셀 비율</translation>
    </message>
    <message>
        <source>Show all classes</source>
        <translation>모든 클래스 보기</translation>
    </message>
    <message>
        <source>photo</source>
        <translation>사진</translation>
    </message>
    <message>
        <source>peak</source>
        <translation>최고</translation>
    </message>
    <message>
        <source>truth</source>
        <translation>정답</translation>
    </message>
    <message>
        <source>live</source>
        <translation>실시간</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>클래스</translation>
    </message>
    <message>
        <source>Class (guessed)</source>
        <translation>클래스 (추정)</translation>
    </message>
    <message>
        <source>shown</source>
        <translation>보임</translation>
    </message>
    <message>
        <source>hidden</source>
        <translation>숨김</translation>
    </message>
    <message>
        <source>Show or Hide</source>
        <translation>보이기 또는 숨기기</translation>
    </message>
    <message>
        <source>Show Alone</source>
        <translation>이것만 보기</translation>
    </message>
    <message>
        <source>Change Colour…</source>
        <translation>색 바꾸기…</translation>
    </message>
</context>
<context>
    <name>CommandPalette</name>
    <message>
        <source>Find a command</source>
        <translation>명령 찾기</translation>
    </message>
    <message>
        <source>Type a part of a command&apos;s name</source>
        <translation>명령 이름의 일부를 입력하세요</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>명령</translation>
    </message>
    <message>
        <source>Matching commands</source>
        <translation>일치하는 명령</translation>
    </message>
</context>
<context>
    <name>CutoffSlider</name>
    <message>
        <source>Hatch below</source>
        <translation>빗금 기준</translation>
    </message>
    <message>
        <source>Hatch pixels whose class has a probability below this, in percent</source>
        <translation>클래스 확률이 이 값(%)보다 낮은 픽셀에 빗금 치기</translation>
    </message>
    <message>
        <source>Hatches pixels whose winning class has a lower softmax probability ({ and })</source>
        <translation>이긴 클래스의 softmax 확률이 이보다 낮은 픽셀에 빗금을 칩니다 ({ 와 })</translation>
    </message>
    <message>
        <source>off</source>
        <translation>끔</translation>
    </message>
</context>
<context>
    <name>DatasetGrid</name>
    <message>
        <source>Photos of the data set and their figures</source>
        <translation>데이터 세트의 사진과 그 수치</translation>
    </message>
</context>
<context>
    <name>DatasetHead</name>
    <message>
        <source>Split of the data set</source>
        <translation>데이터 세트의 스플릿</translation>
    </message>
    <message>
        <source>Checkpoint whose figures are listed</source>
        <translation>수치를 보여 줄 체크포인트</translation>
    </message>
    <message>
        <source>More about the table</source>
        <translation>표에 관한 명령</translation>
    </message>
    <message>
        <source>Filter by name</source>
        <translation>이름으로 거르기</translation>
    </message>
</context>
<context>
    <name>DatasetModel</name>
    <message>
        <source>Photo</source>
        <translation>사진</translation>
    </message>
    <message>
        <source>Mean IU</source>
        <translation>평균 IU</translation>
    </message>
    <message>
        <source>Gain</source>
        <translation>이득</translation>
    </message>
    <message>
        <source>Net pixels</source>
        <translation>순이득 픽셀</translation>
    </message>
    <message>
        <source>Pixel acc.</source>
        <translation>픽셀 정확도</translation>
    </message>
    <message>
        <source>Bound. IU</source>
        <translation>경계 IU</translation>
    </message>
    <message>
        <source>Name of the photo</source>
        <translation>사진 이름</translation>
    </message>
    <message>
        <source>Mean IU of {0} over the classes of this photo, in percent</source>
        <translation>이 사진에 있는 클래스에 대한 {0}의 평균 IU(%)</translation>
    </message>
    <message>
        <source>Gain in mean IU from {0} to {1}, in points</source>
        <translation>{0}에서 {1}로의 평균 IU 이득(%p)</translation>
    </message>
    <message>
        <source>Labelled pixels that {1} has right less those that {0} has right</source>
        <translation>라벨이 있는 픽셀 중 {1}이(가) 맞힌 수에서 {0}이(가) 맞힌 수를 뺀 값</translation>
    </message>
    <message>
        <source>Labelled pixels that {0} has right, in percent</source>
        <translation>라벨이 있는 픽셀 중 {0}이(가) 맞힌 비율(%)</translation>
    </message>
    <message>
        <source>Mean IU of {0} within 4 pixels of the true boundaries, in percent</source>
        <translation>실제 경계에서 4픽셀 이내에서 {0}의 평균 IU(%)</translation>
    </message>
    <message>
        <source>Figures of {0}; not measured anew yet.</source>
        <translation>{0}의 수치이며, 아직 다시 측정하지 않았습니다.</translation>
    </message>
    <message>
        <source>Not measured yet.</source>
        <translation>아직 측정하지 않았습니다.</translation>
    </message>
</context>
<context>
    <name>DatasetPanel</name>
    <message>
        <source>Open the folder of a data set, photos with their masks, such as train/ with trainannot/ and val/ with valannot/. Each photo is measured, and the table can be sorted by any figure: where does 8s gain on 32s, and where does it lose?</source>
        <translation>사진과 마스크가 있는 데이터 세트 폴더를 여세요. 예: train/과 trainannot/, val/과 valannot/. 사진마다 측정하며, 어떤 수치로든 표를 정렬할 수 있습니다. 8s는 어디에서 32s보다 낫고, 어디에서 못할까요?</translation>
    </message>
    <message>
        <source>Open a Folder…</source>
        <translation>폴더 열기…</translation>
    </message>
    <message>
        <source>All checkpoints: {0}</source>
        <translation>모든 체크포인트: {0}</translation>
    </message>
</context>
<context>
    <name>DatasetPlace</name>
    <message>
        <source>The film strip is in the table&apos;s order.</source>
        <translation>필름 스트립을 표의 순서로 놓았습니다.</translation>
    </message>
    <message>
        <source>{0} rows were copied as CSV.</source>
        <translation>{0}개 행을 CSV로 복사했습니다.</translation>
    </message>
    <message>
        <source>Save the table</source>
        <translation>표 저장</translation>
    </message>
    <message>
        <source>Tables (*.csv)</source>
        <translation>표 (*.csv)</translation>
    </message>
    <message>
        <source>The table was saved as {0}.</source>
        <translation>표를 {0}(으)로 저장했습니다.</translation>
    </message>
</context>
<context>
    <name>DatasetProgress</name>
    <message>
        <source>Figures are of the checkpoint as it was loaded; the sliders of the Fusion view do not change them.</source>
        <translation>수치는 불러온 그대로의 체크포인트의 것이며, 융합 화면의 슬라이더는 수치를 바꾸지 않습니다.</translation>
    </message>
    <message>
        <source>Share of the photos that are measured</source>
        <translation>측정한 사진의 비율</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>멈춤</translation>
    </message>
    <message>
        <source>Go On</source>
        <translation>계속</translation>
    </message>
    <message>
        <source>Measure</source>
        <translation>측정</translation>
    </message>
    <message>
        <source>Nothing says what the classes of these masks are. Put a labels.json into the folder; this proposes one: fcn-studio data check</source>
        <translation>이 마스크들의 클래스가 무엇인지 알려 주는 파일이 없습니다. 폴더에 labels.json을 넣으세요. 초안 만들기: fcn-studio data check</translation>
    </message>
    <message>
        <source>No open checkpoint has the classes of this data set. Open one that was trained on them.</source>
        <translation>열린 체크포인트 중 이 데이터 세트의 클래스를 가진 것이 없습니다. 이 클래스로 학습한 것을 여세요.</translation>
    </message>
    <message>
        <source>No photo has this in its name.</source>
        <translation>이름에 이것이 든 사진이 없습니다.</translation>
    </message>
    <message>
        <source>Only the class {0} occurs in the ground truth of this split, so the figures say nothing; look into the masks with: fcn-studio data check</source>
        <translation>이 스플릿의 정답에는 {0} 클래스만 있어서 수치에 뜻이 없습니다. 다음 명령으로 마스크를 살펴보세요: fcn-studio data check</translation>
    </message>
    <message>
        <source>All {0} photos are measured.</source>
        <translation>사진 {0}장을 모두 측정했습니다.</translation>
    </message>
    <message>
        <source>{0} of {1} photos measured.</source>
        <translation>사진 {1}장 중 {0}장 측정함.</translation>
    </message>
    <message>
        <source>{0} cannot be.</source>
        <translation>{0}장은 측정할 수 없음.</translation>
    </message>
    <message>
        <source>{0} still show earlier weights.</source>
        <translation>{0}장은 이전 가중치의 수치.</translation>
    </message>
    <message>
        <source>{0} still show {1}.</source>
        <translation>{0}장은 아직 {1}의 수치.</translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation>멈췄습니다.</translation>
    </message>
    <message>
        <source>Newer weights wait until all are.</source>
        <translation>모두 측정할 때까지 새 가중치가 기다립니다.</translation>
    </message>
    <message>
        <source>The others wait while the run trains.</source>
        <translation>나머지는 학습하는 동안 기다립니다.</translation>
    </message>
</context>
<context>
    <name>DatasetTotals</name>
    <message>
        <source>Metrics of the whole set</source>
        <translation>전체 세트의 지표</translation>
    </message>
    <message>
        <source>Pixel accuracy</source>
        <translation>픽셀 정확도</translation>
    </message>
    <message>
        <source>Mean accuracy</source>
        <translation>평균 정확도</translation>
    </message>
    <message>
        <source>Mean IU</source>
        <translation>평균 IU</translation>
    </message>
    <message>
        <source>Frequency weighted IU</source>
        <translation>빈도 가중 IU</translation>
    </message>
    <message>
        <source>Percent; photos: {0}</source>
        <translation>%, 사진 {0}장</translation>
    </message>
</context>
<context>
    <name>DeciderPage</name>
    <message>
        <source>Share of all pixels of FCN-{0} that each layer decides.</source>
        <translation>FCN-{0}의 모든 픽셀 중 각 층이 결정한 비율.</translation>
    </message>
</context>
<context>
    <name>Dialogs</name>
    <message>
        <source>There are no channels to show: {0}.</source>
        <translation>보일 채널이 없습니다: {0}.</translation>
    </message>
    <message>
        <source>Open a photo first: the doctor tries the net on it.</source>
        <translation>먼저 사진을 여세요. 진단은 그 사진으로 신경망을 시험합니다.</translation>
    </message>
    <message>
        <source>Shows what FCN-32s, FCN-16s and FCN-8s make of a photo, from one pass of one net.</source>
        <translation>한 신경망을 한 번 계산하여 FCN-32s, FCN-16s, FCN-8s의 결과를 보여 줍니다.</translation>
    </message>
    <message>
        <source>About FCN Studio</source>
        <translation>FCN Studio 정보</translation>
    </message>
</context>
<context>
    <name>DoctorDialog</name>
    <message>
        <source>Checkpoint Doctor</source>
        <translation>체크포인트 진단</translation>
    </message>
    <message>
        <source>Preprocessings tried</source>
        <translation>시험한 전처리</translation>
    </message>
    <message>
        <source>&amp;Use This Preprocessing…</source>
        <translation>이 전처리 쓰기(&amp;U)…</translation>
    </message>
    <message>
        <source>Write a copy of the checkpoint with the chosen preprocessing, and open it</source>
        <translation>고른 전처리를 담은 체크포인트 사본을 저장하고 엽니다</translation>
    </message>
    <message>
        <source>&amp;Close</source>
        <translation>닫기(&amp;C)</translation>
    </message>
    <message>
        <source>The net is tried on a small copy of this photo by each preprocessing that is in use. With the right one it names many classes, is sure of each, and says the same of the mirrored photo: that is the fit. A photo unlike those that it was trained on decides nothing.</source>
        <translation>널리 쓰이는 전처리마다 이 사진의 작은 사본으로 신경망을 시험합니다. 알맞은 전처리라면 여러 클래스를 찾고, 각각을 확신하며, 좌우로 뒤집은 사진에도 같은 답을 냅니다. 이것이 적합도입니다. 학습한 사진과 닮지 않은 사진으로는 아무것도 정할 수 없습니다.</translation>
    </message>
    <message>
        <source>Masks by preprocessing, the likeliest first</source>
        <translation>전처리별 마스크, 유력한 순</translation>
    </message>
    <message>
        <source>{0} on {1}</source>
        <translation>{0}, 사진 {1}</translation>
    </message>
    <message>
        <source>Being examined…</source>
        <translation>진단 중…</translation>
    </message>
    <message>
        <source>&amp;Stop</source>
        <translation>멈추기(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Examine Again</source>
        <translation>다시 진단(&amp;E)</translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation>멈췄습니다.</translation>
    </message>
    <message>
        <source>Nothing else was found.</source>
        <translation>그 밖에 찾은 것은 없습니다.</translation>
    </message>
    <message>
        <source>proposed</source>
        <translation>제안</translation>
    </message>
    <message>
        <source>stored</source>
        <translation>저장됨</translation>
    </message>
    <message>
        <source>The scores are no numbers.</source>
        <translation>점수가 숫자가 아닙니다.</translation>
    </message>
    <message>
        <source>fit {0}, entropy {1}</source>
        <translation>적합도 {0}, 엔트로피 {1}</translation>
    </message>
    <message>
        <source>foreground {0} %</source>
        <translation>전경 {0} %</translation>
    </message>
    <message>
        <source>most: {0}, {1} %</source>
        <translation>최다: {0}, {1} %</translation>
    </message>
    <message>
        <source>Undecided between: {0}.</source>
        <translation>다음 중에서 정하지 못했습니다: {0}.</translation>
    </message>
    <message>
        <source>Undecided. {0} comes first, but the net says too little of this photo, or other things of the mirrored one. Try a photo of the kind that it was trained on.</source>
        <translation>정하지 못했습니다. {0}이(가) 가장 앞서지만, 신경망이 이 사진에서 찾은 것이 너무 적거나 뒤집은 사진에는 다른 답을 냅니다. 학습한 것과 같은 종류의 사진으로 해 보세요.</translation>
    </message>
    <message>
        <source>Undecided. Try a photo of the kind that the net was trained on.</source>
        <translation>정하지 못했습니다. 신경망이 학습한 것과 같은 종류의 사진으로 해 보세요.</translation>
    </message>
    <message>
        <source>clearly</source>
        <translation>확실함</translation>
    </message>
    <message>
        <source>likely</source>
        <translation>유력함</translation>
    </message>
    <message>
        <source>The checkpoint&apos;s own preprocessing fits best ({0}): {1}.</source>
        <translation>체크포인트 자체의 전처리가 가장 잘 맞습니다 ({0}): {1}.</translation>
    </message>
    <message>
        <source>Another preprocessing than the checkpoint&apos;s own fits best ({0}): {1}.</source>
        <translation>체크포인트 자체의 것이 아닌 다른 전처리가 가장 잘 맞습니다 ({0}): {1}.</translation>
    </message>
    <message>
        <source>Fault</source>
        <translation>결함</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>경고</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>참고</translation>
    </message>
    <message>
        <source>Write the checkpoint with this preprocessing</source>
        <translation>이 전처리로 체크포인트 저장</translation>
    </message>
</context>
<context>
    <name>Download</name>
    <message>
        <source>There is no picture behind this link.</source>
        <translation>이 링크에는 그림이 없습니다.</translation>
    </message>
    <message>
        <source>{0}: over {1} MB; download it yourself and open the file.</source>
        <translation>{0}: {1} MB를 넘습니다. 직접 내려받아 파일을 여세요.</translation>
    </message>
    <message>
        <source>{0}: the picture could not be fetched ({1}).</source>
        <translation>{0}: 그림을 가져오지 못했습니다 ({1}).</translation>
    </message>
    <message>
        <source>{0} is not a picture but {1}; drop the picture itself.</source>
        <translation>{0}은(는) 그림이 아니라 {1}입니다. 그림을 직접 놓으세요.</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>알 수 없음</translation>
    </message>
    <message>
        <source>{0} could not be kept ({1}); free some space.</source>
        <translation>{0}을(를) 저장하지 못했습니다 ({1}). 공간을 비우세요.</translation>
    </message>
</context>
<context>
    <name>DropOverlay</name>
    <message>
        <source>Drop to open</source>
        <translation>놓으면 열립니다</translation>
    </message>
    <message>
        <source>Photos, folders, a mask as ground truth of the photo on screen, or a checkpoint</source>
        <translation>사진, 폴더, 화면 사진의 정답 마스크, 또는 체크포인트</translation>
    </message>
</context>
<context>
    <name>EmptyState</name>
    <message>
        <source>Drop a photo here</source>
        <translation>여기에 사진을 놓으세요</translation>
    </message>
    <message>
        <source>Files, folders and pictures from a browser can be dropped anywhere on this window.
Or open one with Ctrl+O, a folder with Ctrl+Shift+O, or paste with Ctrl+V.</source>
        <translation>파일, 폴더, 브라우저의 그림을 이 창 어디에나 놓을 수 있습니다.
Ctrl+O로 파일을, Ctrl+Shift+O로 폴더를 열거나 Ctrl+V로 붙여넣으세요.</translation>
    </message>
    <message>
        <source>Open a photo…</source>
        <translation>사진 열기…</translation>
    </message>
    <message>
        <source>Show a sample</source>
        <translation>예제 보기</translation>
    </message>
</context>
<context>
    <name>ErrorBanner</name>
    <message>
        <source>Dismiss this message</source>
        <translation>이 메시지 닫기</translation>
    </message>
    <message>
        <source>Dismiss (Esc)</source>
        <translation>닫기 (Esc)</translation>
    </message>
    <message>
        <source>Error: {0}</source>
        <translation>오류: {0}</translation>
    </message>
</context>
<context>
    <name>ExportDialog</name>
    <message>
        <source>Export</source>
        <translation>내보내기</translation>
    </message>
    <message>
        <source>&amp;This photo</source>
        <translation>이 사진(&amp;T)</translation>
    </message>
    <message>
        <source>A&amp;ll {0} photos of the list</source>
        <translation>목록의 사진 {0}장 모두(&amp;L)</translation>
    </message>
    <message>
        <source>E&amp;xport</source>
        <translation>내보내기(&amp;X)</translation>
    </message>
    <message>
        <source>What</source>
        <translation>내용</translation>
    </message>
    <message>
        <source>Variants</source>
        <translation>변형</translation>
    </message>
    <message>
        <source>Photos</source>
        <translation>사진</translation>
    </message>
    <message>
        <source>&amp;Masks</source>
        <translation>마스크(&amp;M)</translation>
    </message>
    <message>
        <source>Indexed PNG: each pixel is its class, with the palette</source>
        <translation>인덱스 PNG: 각 픽셀이 클래스 번호이며 팔레트를 담습니다</translation>
    </message>
    <message>
        <source>&amp;Overlays</source>
        <translation>오버레이(&amp;O)</translation>
    </message>
    <message>
        <source>PNG: the masks over the photo</source>
        <translation>PNG: 사진 위의 마스크</translation>
    </message>
    <message>
        <source>Comparison &amp;figure</source>
        <translation>비교 그림(&amp;F)</translation>
    </message>
    <message>
        <source>PNG: photo and all variants beside each other</source>
        <translation>PNG: 사진과 모든 변형을 나란히</translation>
    </message>
    <message>
        <source>&amp;Scores</source>
        <translation>점수(&amp;S)</translation>
    </message>
    <message>
        <source>NPZ: the score maps on their own grids</source>
        <translation>NPZ: 원래 격자의 점수 맵</translation>
    </message>
    <message>
        <source>Animation as &amp;GIF</source>
        <translation>애니메이션 GIF(&amp;G)</translation>
    </message>
    <message>
        <source>Photo, then each variant, coarse to fine</source>
        <translation>사진 다음 거친 것부터 세밀한 것까지 각 변형</translation>
    </message>
    <message>
        <source>Animation as &amp;WebP</source>
        <translation>애니메이션 WebP(&amp;W)</translation>
    </message>
    <message>
        <source>The same in all colours</source>
        <translation>모든 색으로 같은 것</translation>
    </message>
    <message>
        <source>&amp;Heat maps</source>
        <translation>히트맵(&amp;H)</translation>
    </message>
    <message>
        <source>PNG: every class at each score layer, on its own grid</source>
        <translation>PNG: 각 점수 층의 모든 클래스, 원래 격자로</translation>
    </message>
    <message>
        <source>F&amp;usion graph</source>
        <translation>융합 그래프(&amp;U)</translation>
    </message>
    <message>
        <source>PNG: the winning classes at every node of the net</source>
        <translation>PNG: 신경망 모든 노드의 1위 클래스</translation>
    </message>
    <message>
        <source>&amp;Contributions</source>
        <translation>기여도(&amp;C)</translation>
    </message>
    <message>
        <source>NPZ: each score layer&apos;s part of the winning score; PNG: which layer decides each pixel</source>
        <translation>NPZ: 1위 점수에서 각 점수 층의 몫, PNG: 픽셀마다 결정한 층</translation>
    </message>
    <message>
        <source>Fol&amp;der</source>
        <translation>폴더(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Browse…</source>
        <translation>찾아보기(&amp;B)…</translation>
    </message>
    <message>
        <source>Export to</source>
        <translation>내보낼 위치</translation>
    </message>
    <message>
        <source>Choose what to export.</source>
        <translation>내보낼 것을 선택하세요.</translation>
    </message>
    <message>
        <source>Choose at least one variant.</source>
        <translation>변형을 하나 이상 선택하세요.</translation>
    </message>
    <message>
        <source>Choose a folder.</source>
        <translation>폴더를 선택하세요.</translation>
    </message>
    <message>
        <source>Files that are there already are not replaced without asking.</source>
        <translation>이미 있는 파일은 묻지 않고 바꾸지 않습니다.</translation>
    </message>
</context>
<context>
    <name>FilmStrip</name>
    <message>
        <source>Photos</source>
        <translation>사진</translation>
    </message>
    <message>
        <source>Ground Truth…</source>
        <translation>정답 마스크…</translation>
    </message>
    <message>
        <source>Copy Path</source>
        <translation>경로 복사</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>제거</translation>
    </message>
    <message>
        <source>Clear List</source>
        <translation>목록 비우기</translation>
    </message>
</context>
<context>
    <name>FilmStripModel</name>
    <message>
        <source>running</source>
        <translation>실행 중</translation>
    </message>
    <message>
        <source>done</source>
        <translation>완료</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>실패</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>대기 중</translation>
    </message>
</context>
<context>
    <name>FusionControls</name>
    <message>
        <source>Strength of each score layer</source>
        <translation>각 점수 층의 세기</translation>
    </message>
    <message>
        <source>{0} enlarged by x{1} at once</source>
        <translation>{0}을(를) 한 번에 x{1} 확대</translation>
    </message>
    <message>
        <source>No skips</source>
        <translation>스킵 없음</translation>
    </message>
    <message>
        <source>The chain x2, x2, x8 over score_fr alone</source>
        <translation>score_fr만의 x2, x2, x8 사슬</translation>
    </message>
    <message>
        <source>pool4 only</source>
        <translation>pool4만</translation>
    </message>
    <message>
        <source>The chain x2, x8 over score_fr and score_pool4</source>
        <translation>score_fr과 score_pool4의 x2, x8 사슬</translation>
    </message>
    <message>
        <source>Net as it is</source>
        <translation>신경망 그대로</translation>
    </message>
    <message>
        <source>All gains 1: FCN-8s</source>
        <translation>모든 이득이 1: FCN-8s</translation>
    </message>
    <message>
        <source>Skips alone</source>
        <translation>스킵만</translation>
    </message>
    <message>
        <source>What score_pool4 and score_pool3 say without score_fr</source>
        <translation>score_fr 없이 score_pool4와 score_pool3이 말하는 것</translation>
    </message>
    <message>
        <source>Upsampling</source>
        <translation>업샘플링</translation>
    </message>
    <message>
        <source>The net&apos;s own</source>
        <translation>신경망 고유</translation>
    </message>
    <message>
        <source>Bilinear</source>
        <translation>이중 선형</translation>
    </message>
    <message>
        <source>Nearest (unpooling)</source>
        <translation>최근접(언풀링)</translation>
    </message>
    <message>
        <source>Max-unpooling (indices)</source>
        <translation>최대 언풀링(인덱스)</translation>
    </message>
    <message>
        <source>{0} exit</source>
        <translation>{0} 출력</translation>
    </message>
    <message>
        <source>Up to {0}</source>
        <translation>{0}까지</translation>
    </message>
    <message>
        <source>Finer skips left out</source>
        <translation>더 세밀한 스킵은 뺌</translation>
    </message>
    <message>
        <source>All gains 1: {0}</source>
        <translation>모든 이득 1: {0}</translation>
    </message>
    <message>
        <source>What {0} say without score_fr</source>
        <translation>score_fr 없이 {0}이(가) 말하는 것</translation>
    </message>
    <message>
        <source>The chain {0} over {1}</source>
        <translation>{1} 위의 사슬 {0}</translation>
    </message>
    <message>
        <source>Each score goes back to the pixel at which the trunk&apos;s pools found their largest activation, summed over channels</source>
        <translation>점수마다 백본의 풀링 층에서 채널을 합친 활성값이 가장 컸던 픽셀로 되돌립니다</translation>
    </message>
</context>
<context>
    <name>FusionGraph</name>
    <message>
        <source>Fusion graph</source>
        <translation>융합 그래프</translation>
    </message>
    <message>
        <source>Open {0} as heat maps</source>
        <translation>{0}을(를) 히트맵으로 열기</translation>
    </message>
</context>
<context>
    <name>FusionNodes</name>
    <message>
        <source>{0} x {1}, stride {2}</source>
        <translation>{0} x {1}, 스트라이드 {2}</translation>
    </message>
    <message>
        <source>crop {0}</source>
        <translation>자르기 {0}</translation>
    </message>
</context>
<context>
    <name>FusionView</name>
    <message>
        <source>Mask with these gains</source>
        <translation>이 이득의 마스크</translation>
    </message>
    <message>
        <source>Nodes show</source>
        <translation>노드 표시</translation>
    </message>
    <message>
        <source>What the nodes show</source>
        <translation>노드가 보이는 것</translation>
    </message>
    <message>
        <source>All gains 1, but not with the net&apos;s own upsampling.</source>
        <translation>이득은 모두 1이지만 신경망 고유의 업샘플링이 아닙니다.</translation>
    </message>
    <message>
        <source>The net as it is: {0}.</source>
        <translation>신경망 그대로: {0}.</translation>
    </message>
    <message>
        <source>Lay {0} over the photo</source>
        <translation>{0}을(를) 사진 위에 겹치기</translation>
    </message>
    <message>
        <source>Click a node to lay its energy over the photo, the last one to see the mask.</source>
        <translation>노드를 클릭하면 그 에너지를 사진 위에 겹치고, 마지막 노드를 클릭하면 마스크를 봅니다.</translation>
    </message>
    <message>
        <source>Click a node to see it as heat maps.</source>
        <translation>노드를 클릭하면 히트맵으로 봅니다.</translation>
    </message>
    <message>
        <source>{0} % of the pixels have a score; the rest is void and not counted</source>
        <translation>점수가 있는 픽셀 {0} %, 나머지는 무시 영역이라 세지 않음</translation>
    </message>
    <message>
        <source>{0} % of the pixels differ from {1}</source>
        <translation>{1}와(과) 다른 픽셀 {0} %</translation>
    </message>
    <message>
        <source>Segmenting…</source>
        <translation>분할 중…</translation>
    </message>
    <message>
        <source>energy {0}</source>
        <translation>에너지 {0}</translation>
    </message>
    <message>
        <source>no score</source>
        <translation>점수 없음</translation>
    </message>
    <message>
        <source>Winning classes</source>
        <translation>1위 클래스</translation>
    </message>
    <message>
        <source>Live mask</source>
        <translation>실시간 마스크</translation>
    </message>
    <message>
        <source>The exit itself: one enlargement, no chain.</source>
        <translation>출력 자체: 한 번의 확대, 사슬 아님.</translation>
    </message>
    <message>
        <source>A chain of enlargements, not the exit FCN-{0}, which enlarges at once.</source>
        <translation>여러 번 확대한 사슬이며, 한 번에 확대하는 FCN-{0} 출력이 아닙니다.</translation>
    </message>
    <message>
        <source>Between the nets: scores are sums, so every mixture has a mask.</source>
        <translation>신경망 사이: 점수는 합이므로 어떤 혼합에도 마스크가 있습니다.</translation>
    </message>
    <message>
        <source>mean IU {0}</source>
        <translation>평균 IU {0}</translation>
    </message>
    <message>
        <source>{0} reads its features times {1}: effective gain {2}</source>
        <translation>{0}은(는) 특징에 {1}을(를) 곱해 읽습니다: 실효 이득 {2}</translation>
    </message>
</context>
<context>
    <name>GainPadPlot</name>
    <message>
        <source>Mean IU over the gains of both skips</source>
        <translation>두 스킵의 이득에 따른 평균 IU</translation>
    </message>
    <message>
        <source>pool4 x {0}, pool3 x {1}: mean IU {2} %</source>
        <translation>pool4 x {0}, pool3 x {1}: 평균 IU {2} %</translation>
    </message>
    <message>
        <source>Gain of score_pool3</source>
        <translation>score_pool3의 이득</translation>
    </message>
    <message>
        <source>Gain of score_pool4</source>
        <translation>score_pool4의 이득</translation>
    </message>
    <message>
        <source>the net: {0} %</source>
        <translation>신경망: {0} %</translation>
    </message>
    <message>
        <source>the net, and best: {0} %</source>
        <translation>신경망이자 최고: {0} %</translation>
    </message>
    <message>
        <source>best: {0} %</source>
        <translation>최고: {0} %</translation>
    </message>
</context>
<context>
    <name>GainSlider</name>
    <message>
        <source>Gain of {0}</source>
        <translation>{0}의 이득</translation>
    </message>
    <message>
        <source>1 is the net as it is, 0 leaves {0} out</source>
        <translation>1은 신경망 그대로, 0은 {0}을(를) 뺍니다</translation>
    </message>
</context>
<context>
    <name>GainsPage</name>
    <message>
        <source>Click the pad to see the mask with these gains.</source>
        <translation>판을 클릭하면 그 이득의 마스크를 봅니다.</translation>
    </message>
    <message>
        <source>Every pixel of the photo counts.</source>
        <translation>사진의 모든 픽셀을 셉니다.</translation>
    </message>
    <message>
        <source>The photo is large: every {0}th row and column counts.</source>
        <translation>사진이 커서 {0}번째 행과 열마다 셉니다.</translation>
    </message>
    <message>
        <source>No pixel of the ground truth is labelled.</source>
        <translation>정답에 라벨이 있는 픽셀이 없습니다.</translation>
    </message>
    <message>
        <source>The net as it is reaches {0} %. The best of {1} pairs, pool4 x {2} and pool3 x {3}, reaches {4} %: {5} points more, on this photo.</source>
        <translation>신경망 그대로는 {0} %에 이릅니다. {1}쌍 중 최고인 pool4 x {2}, pool3 x {3}은 {4} %로, 이 사진에서 {5}점 높습니다.</translation>
    </message>
</context>
<context>
    <name>Gather</name>
    <message>
        <source>{0}: an archive; unpack it, and drop the folder.</source>
        <translation>{0}: 압축 파일입니다. 압축을 풀고 그 폴더를 끌어다 놓으세요.</translation>
    </message>
    <message>
        <source>{0}: the folder cannot be read ({1}).</source>
        <translation>{0}: 폴더를 읽을 수 없습니다 ({1}).</translation>
    </message>
    <message>
        <source>{0}: no images in this folder.</source>
        <translation>{0}: 이 폴더에 그림이 없습니다.</translation>
    </message>
    <message>
        <source>{0} looks like a mask, but it is {1} and {2} is {3}, so it is not its ground truth. Export it at the photo&apos;s size; if you resize it, by nearest neighbour only.</source>
        <translation>{0}은(는) 마스크로 보이지만 크기가 {1}이고 {2}은(는) {3}이므로 정답으로 쓸 수 없습니다. 사진과 같은 크기로 내보내세요. 크기를 바꾼다면 최근접 이웃 방식만 쓰세요.</translation>
    </message>
    <message>
        <source>{0} is named like a mask of {1}, but cannot be its ground truth: {2}</source>
        <translation>{0}은(는) {1}의 마스크 이름이지만 정답으로 쓸 수 없습니다: {2}</translation>
    </message>
</context>
<context>
    <name>HeatmapBar</name>
    <message>
        <source>Node of the fusion graph</source>
        <translation>융합 그래프의 노드</translation>
    </message>
    <message>
        <source>Whose scores are shown: a score layer, a fusion step or a final output</source>
        <translation>보일 점수: 점수 층, 융합 단계 또는 최종 출력</translation>
    </message>
    <message>
        <source>Kind of map</source>
        <translation>맵의 종류</translation>
    </message>
    <message>
        <source>Scores, probabilities, or how unsure the final output is</source>
        <translation>점수, 확률, 또는 최종 출력의 불확실함</translation>
    </message>
    <message>
        <source>Resolution</source>
        <translation>해상도</translation>
    </message>
    <message>
        <source>Grid cells</source>
        <translation>격자 칸</translation>
    </message>
    <message>
        <source>Each cell of the node&apos;s own grid as one block</source>
        <translation>노드 격자의 칸마다 한 블록으로</translation>
    </message>
    <message>
        <source>Upsampled</source>
        <translation>업샘플</translation>
    </message>
    <message>
        <source>Enlarged to the photo&apos;s size, as the net does it</source>
        <translation>신경망이 하듯 사진 크기로 확대</translation>
    </message>
    <message>
        <source>Range of colours</source>
        <translation>색의 범위</translation>
    </message>
    <message>
        <source>Shared</source>
        <translation>공통</translation>
    </message>
    <message>
        <source>One range for all classes, so that tiles can be compared</source>
        <translation>모든 클래스에 같은 범위, 서로 비교할 수 있도록</translation>
    </message>
    <message>
        <source>Own</source>
        <translation>각자</translation>
    </message>
    <message>
        <source>Each class up to its own peak, so that weak classes can be seen</source>
        <translation>클래스마다 자기 최댓값까지, 약한 클래스도 보이도록</translation>
    </message>
    <message>
        <source>Order of classes</source>
        <translation>클래스 순서</translation>
    </message>
    <message>
        <source>Peak</source>
        <translation>최댓값</translation>
    </message>
    <message>
        <source>The class with the highest value first</source>
        <translation>값이 가장 높은 클래스부터</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>이름</translation>
    </message>
    <message>
        <source>By name</source>
        <translation>이름순</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>노드</translation>
    </message>
    <message>
        <source>Range</source>
        <translation>범위</translation>
    </message>
    <message>
        <source>Sort</source>
        <translation>정렬</translation>
    </message>
    <message>
        <source>{0}, final ({1} x {2})</source>
        <translation>{0}, 최종 ({1} x {2})</translation>
    </message>
    <message>
        <source>{0} (stride {1}, {2} x {3})</source>
        <translation>{0} (스트라이드 {1}, {2} x {3})</translation>
    </message>
    <message>
        <source>Score</source>
        <translation>점수</translation>
    </message>
    <message>
        <source>Probability</source>
        <translation>확률</translation>
    </message>
    <message>
        <source>Entropy</source>
        <translation>엔트로피</translation>
    </message>
    <message>
        <source>Margin</source>
        <translation>여유</translation>
    </message>
</context>
<context>
    <name>HeatmapView</name>
    <message>
        <source>Heat maps of all classes</source>
        <translation>모든 클래스의 히트맵</translation>
    </message>
    <message>
        <source>Heat map over the photo</source>
        <translation>사진 위의 히트맵</translation>
    </message>
    <message>
        <source>Colour bar</source>
        <translation>색 막대</translation>
    </message>
    <message>
        <source>All classes</source>
        <translation>모든 클래스</translation>
    </message>
    <message>
        <source>Back to the maps of all classes (Esc)</source>
        <translation>모든 클래스의 맵으로 돌아가기 (Esc)</translation>
    </message>
    <message>
        <source>Opacity</source>
        <translation>불투명도</translation>
    </message>
    <message>
        <source>Opacity of the heat map</source>
        <translation>히트맵의 불투명도</translation>
    </message>
    <message>
        <source>How much of the photo is seen through the map</source>
        <translation>맵을 통해 사진이 보이는 정도</translation>
    </message>
    <message>
        <source>Open a photo to see the heat maps of its classes.</source>
        <translation>사진을 열면 클래스의 히트맵이 보입니다.</translation>
    </message>
    <message>
        <source>Segmenting…</source>
        <translation>분할 중…</translation>
    </message>
    <message>
        <source>There are no scores of this photo.</source>
        <translation>이 사진의 점수가 없습니다.</translation>
    </message>
    <message>
        <source>Computing heat maps…</source>
        <translation>히트맵 계산 중…</translation>
    </message>
    <message>
        <source>max {0}</source>
        <translation>최대 {0}</translation>
    </message>
    <message>
        <source>max about {0}</source>
        <translation>최대 약 {0}</translation>
    </message>
    <message>
        <source>{0} classes</source>
        <translation>클래스 {0}개</translation>
    </message>
    <message>
        <source>{0} classes, names guessed</source>
        <translation>클래스 {0}개, 이름은 추정</translation>
    </message>
    <message>
        <source>peak</source>
        <translation>최댓값</translation>
    </message>
    <message>
        <source>Entropy</source>
        <translation>엔트로피</translation>
    </message>
    <message>
        <source>Margin</source>
        <translation>여유</translation>
    </message>
    <message>
        <source>bits</source>
        <translation>비트</translation>
    </message>
    <message>
        <source>{0}  {1} at x {2}, y {3}</source>
        <translation>{0}  {1}, x {2}, y {3}</translation>
    </message>
    <message>
        <source>no cell at x {0}, y {1}</source>
        <translation>x {0}, y {1}에 칸 없음</translation>
    </message>
    <message>
        <source>{0}  {1} at cell (row {2}, column {3}) of {4} x {5}</source>
        <translation>{0}  {1}, 칸 (행 {2}, 열 {3}), 격자 {4} x {5}</translation>
    </message>
</context>
<context>
    <name>Intake</name>
    <message>
        <source>Open photos</source>
        <translation>사진 열기</translation>
    </message>
    <message>
        <source>Images ({0})</source>
        <translation>그림 ({0})</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>모든 파일 (*)</translation>
    </message>
    <message>
        <source>Open a folder of photos</source>
        <translation>사진 폴더 열기</translation>
    </message>
    <message>
        <source>Ground truth of {0}</source>
        <translation>{0}의 정답 마스크</translation>
    </message>
    <message>
        <source>Masks ({0})</source>
        <translation>마스크 ({0})</translation>
    </message>
    <message>
        <source>Open a checkpoint</source>
        <translation>체크포인트 열기</translation>
    </message>
    <message>
        <source>Checkpoints ({0})</source>
        <translation>체크포인트 ({0})</translation>
    </message>
    <message>
        <source>The clipboard holds neither a picture nor a file; copy one and paste again.</source>
        <translation>클립보드에 그림도 파일도 없습니다. 복사한 뒤 다시 붙여넣으세요.</translation>
    </message>
    <message>
        <source>pasted picture</source>
        <translation>붙여넣은 그림</translation>
    </message>
    <message>
        <source>dropped picture</source>
        <translation>놓은 그림</translation>
    </message>
    <message>
        <source>Looking through {0}…</source>
        <translation>{0} 살펴보는 중…</translation>
    </message>
    <message>
        <source>{0} is now the ground truth of {1}.</source>
        <translation>{0}을(를) {1}의 정답 마스크로 씁니다.</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>실행 취소</translation>
    </message>
    <message>
        <source>Open as Photo</source>
        <translation>사진으로 열기</translation>
    </message>
    <message>
        <source>Nothing says what classes {0} shows, so it is compared with none. Put a labels.json beside it, or say that they are those of {1}.</source>
        <translation>{0}의 클래스가 무엇인지 알 수 없어 비교하지 않습니다. 옆에 labels.json을 두거나, {1}의 클래스라고 지정하세요.</translation>
    </message>
    <message>
        <source>Read as {0}</source>
        <translation>{0}(으)로 읽기</translation>
    </message>
    <message>
        <source>The data set is one folder further down: {0}. Open that folder to measure on it.</source>
        <translation>데이터 세트는 한 단계 아래 폴더에 있습니다: {0}. 측정하려면 그 폴더를 여세요.</translation>
    </message>
    <message>
        <source>Open as Data Set</source>
        <translation>데이터 세트로 열기</translation>
    </message>
    <message>
        <source>Loading {0}.</source>
        <translation>{0} 불러오는 중입니다.</translation>
    </message>
    <message>
        <source>Compare Both</source>
        <translation>둘 다 비교</translation>
    </message>
    <message>
        <source>Loading {0} checkpoints, each for panels of its own.</source>
        <translation>체크포인트 {0}개를 각자의 패널로 불러옵니다.</translation>
    </message>
    <message>
        <source>Open now: {0}.</source>
        <translation>지금 열림: {0}.</translation>
    </message>
    <message>
        <source>Open the {0} Head Beside</source>
        <translation>{0} 헤드 나란히 열기</translation>
    </message>
    <message>
        <source>{0}: {1}.</source>
        <translation>{0}: {1}.</translation>
    </message>
    <message>
        <source>There is no picture in what was dropped or pasted.</source>
        <translation>놓거나 붙여넣은 것에 그림이 없습니다.</translation>
    </message>
    <message>
        <source>Fetching from {0}…</source>
        <translation>{0}에서 가져오는 중…</translation>
    </message>
    <message>
        <source>Fetching…</source>
        <translation>가져오는 중…</translation>
    </message>
</context>
<context>
    <name>KernelPlot</name>
    <message>
        <source>Kernel of {0} weights, stride {1}</source>
        <translation>가중치 {0}개의 커널, 스트라이드 {1}</translation>
    </message>
</context>
<context>
    <name>Lessons</name>
    <message>
        <source>Three nets in one</source>
        <translation>하나에 담긴 세 신경망</translation>
    </message>
    <message>
        <source>Each panel is the class with the highest score at each pixel. FCN-32s has one score for every 32 x 32 pixels, enlarged at once; FCN-16s adds scores from pool4 on a grid of 16 pixels, FCN-8s more from pool3 on a grid of 8. The finer the grid, the sharper the boundary. (Long, Shelhamer, Darrell 2015, section 4.2)</source>
        <translation>각 패널은 픽셀마다 점수가 가장 높은 클래스입니다. FCN-32s는 32 x 32 픽셀마다 점수 하나를 한 번에 확대하고, FCN-16s는 16픽셀 격자의 pool4 점수를, FCN-8s는 8픽셀 격자의 pool3 점수를 더합니다. 격자가 세밀할수록 경계가 또렷합니다. (Long, Shelhamer, Darrell 2015, 4.2절)</translation>
    </message>
    <message>
        <source>What a layer says of a class</source>
        <translation>층이 클래스에 대해 말하는 것</translation>
    </message>
    <message>
        <source>A score layer is a 1x1 convolution: at each cell of its grid a weighted sum of channels, one sum for each class. Red cells speak for the class, blue ones against it. score_fr is coarse and sure of what there is; score_pool3 is fine and knows edges, but little of meaning. The softmax over classes turns scores into probabilities. (section 3.2 and figure 3)</source>
        <translation>점수 층은 1x1 합성곱입니다. 격자의 칸마다 채널의 가중합을 클래스별로 하나씩 냅니다. 붉은 칸은 그 클래스를 지지하고 푸른 칸은 반대합니다. score_fr은 거칠지만 무엇이 있는지 확신하고, score_pool3은 세밀해서 가장자리를 알지만 의미는 잘 모릅니다. 클래스에 대한 소프트맥스가 점수를 확률로 바꿉니다. (3.2절과 그림 3)</translation>
    </message>
    <message>
        <source>How skips are added</source>
        <translation>스킵을 더하는 방법</translation>
    </message>
    <message>
        <source>score_fr is enlarged by 2 and score_pool4 added; the sum is enlarged by 2 and score_pool3 added; that sum is enlarged by 8 to the photo. All of it is linear, so that a skip can be made weaker or stronger by a factor, and the mask follows at once without another run of the net. With both factors 0 the chain of enlargements is left, which is nearly, but not exactly, FCN-32s. (section 4.2, figure 3)</source>
        <translation>score_fr을 2배 확대해 score_pool4를 더하고, 그 합을 2배 확대해 score_pool3을 더한 뒤, 8배 확대해 사진 크기로 만듭니다. 모두 선형이므로 스킵의 세기를 곱으로 바꿀 수 있고, 신경망을 다시 돌리지 않아도 마스크가 바로 따라옵니다. 두 값이 0이면 확대의 사슬만 남는데, FCN-32s와 거의 같지만 똑같지는 않습니다. (4.2절, 그림 3)</translation>
    </message>
    <message>
        <source>Where the skips changed the mask</source>
        <translation>스킵이 마스크를 바꾼 곳</translation>
    </message>
    <message>
        <source>Two masks of one photo are subtracted: where they differ, a skip has changed the class. Against ground truth a change is a rescue (wrong, then right) or a harm (right, then wrong). Most changes lie along boundaries; the trimap curve measures the mean IU (true positives over their union with all errors, averaged over classes) in a narrow band around them. (section 5)</source>
        <translation>한 사진의 두 마스크를 비교해 다른 곳이 스킵이 클래스를 바꾼 곳입니다. 정답에 견주면 변화는 구함(틀렸다가 맞음)이거나 해침(맞았다가 틀림)입니다. 변화는 대부분 경계를 따라 있으며, 트라이맵 곡선은 경계 둘레의 좁은 띠에서 평균 IU(참 양성을 오류와의 합집합으로 나누어 클래스에 대해 평균)를 잽니다. (5절)</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Open &amp;Sample</source>
        <translation>예제 열기(&amp;S)</translation>
    </message>
    <message>
        <source>Zoom</source>
        <translation>확대 비율</translation>
    </message>
</context>
<context>
    <name>Menus</name>
    <message>
        <source>Tools</source>
        <translation>도구</translation>
    </message>
    <message>
        <source>More tools</source>
        <translation>도구 더 보기</translation>
    </message>
</context>
<context>
    <name>NetBar</name>
    <message>
        <source>Which net</source>
        <translation>신경망 선택</translation>
    </message>
    <message>
        <source>Own…</source>
        <translation>내 것…</translation>
    </message>
    <message>
        <source>Which net: {0}</source>
        <translation>신경망: {0}</translation>
    </message>
</context>
<context>
    <name>NetChoice</name>
    <message>
        <source>{0}: {1}.</source>
        <translation>{0}: {1}.</translation>
    </message>
    <message>
        <source>{0}: {1}. {2} classes.</source>
        <translation>{0}: {1}. 클래스 {2}개.</translation>
    </message>
    <message>
        <source>{0}: {1}. {2} classes; mean IU in percent, as its card says: {3}.</source>
        <translation>{0}: {1}. 클래스 {2}개, 모델 카드의 평균 IU(%): {3}.</translation>
    </message>
    <message>
        <source>“{0}” finds next to nothing here. It knows {1}.</source>
        <translation>‘{0}’이(가) 여기서 찾은 것이 거의 없습니다. 아는 것: {1}.</translation>
    </message>
    <message>
        <source>“{0}” is unsure nearly everywhere here. It knows {1}.</source>
        <translation>‘{0}’이(가) 여기서는 거의 모든 곳에서 확신하지 못합니다. 아는 것: {1}.</translation>
    </message>
</context>
<context>
    <name>Nets</name>
    <message>
        <source>Everyday photos</source>
        <translation>일상 사진</translation>
    </message>
    <message>
        <source>people, animals, vehicles, furniture</source>
        <translation>사람, 동물, 탈것, 가구</translation>
    </message>
    <message>
        <source>Streets</source>
        <translation>거리</translation>
    </message>
    <message>
        <source>road, pavement, sky, buildings, trees, cars, people, as seen from a car</source>
        <translation>차에서 본 도로, 보도, 하늘, 건물, 나무, 자동차, 사람</translation>
    </message>
    <message>
        <source>What is in it?</source>
        <translation>무엇이 있나요?</translation>
    </message>
    <message>
        <source>1000 kinds of things and animals, such as Egyptian cat, and where each is</source>
        <translation>이집트고양이 같은 사물과 동물 1000가지와 그 위치</translation>
    </message>
    <message>
        <source>Streets, VGG-16</source>
        <translation>거리, VGG-16</translation>
    </message>
    <message>
        <source>the same classes, by a slim VGG-16 that was trained from random weights</source>
        <translation>같은 클래스를, 무작위 가중치에서 학습한 가는 VGG-16으로</translation>
    </message>
</context>
<context>
    <name>Notice</name>
    <message>
        <source>Notice: {0}</source>
        <translation>알림: {0}</translation>
    </message>
    <message>
        <source>Dismiss this notice</source>
        <translation>이 알림 닫기</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>닫기</translation>
    </message>
</context>
<context>
    <name>OpacitySlider</name>
    <message>
        <source>Opacity</source>
        <translation>불투명도</translation>
    </message>
    <message>
        <source>Opacity of masks, in percent</source>
        <translation>마스크 불투명도(%)</translation>
    </message>
    <message>
        <source>Opacity of masks ([ and ])</source>
        <translation>마스크 불투명도 ([ 와 ])</translation>
    </message>
</context>
<context>
    <name>OutputMenu</name>
    <message>
        <source>Save the trace</source>
        <translation>트레이스 저장</translation>
    </message>
    <message>
        <source>Traces of FCN Studio (*.fcntrace)</source>
        <translation>FCN Studio 트레이스 (*.fcntrace)</translation>
    </message>
    <message>
        <source>Web pages (*.html)</source>
        <translation>웹 페이지 (*.html)</translation>
    </message>
    <message>
        <source>The trace was saved as {0}.</source>
        <translation>트레이스를 {0}(으)로 저장했습니다.</translation>
    </message>
    <message>
        <source>Save the view</source>
        <translation>화면 저장</translation>
    </message>
    <message>
        <source>PNG (*.png)</source>
        <translation>PNG (*.png)</translation>
    </message>
    <message>
        <source>SVG (*.svg)</source>
        <translation>SVG (*.svg)</translation>
    </message>
    <message>
        <source>PDF (*.pdf)</source>
        <translation>PDF (*.pdf)</translation>
    </message>
    <message>
        <source>The view was saved as {0}.</source>
        <translation>화면을 {0}(으)로 저장했습니다.</translation>
    </message>
    <message>
        <source>The view was copied.</source>
        <translation>화면을 복사했습니다.</translation>
    </message>
    <message>
        <source>{0} was copied.</source>
        <translation>{0}을(를) 복사했습니다.</translation>
    </message>
    <message>
        <source>{0} files written to {1}.</source>
        <translation>파일 {0}개를 {1}에 저장했습니다.</translation>
    </message>
    <message>
        <source>Stopped. {0}</source>
        <translation>멈췄습니다. {0}</translation>
    </message>
    <message>
        <source>Open Folder</source>
        <translation>폴더 열기</translation>
    </message>
    <message>
        <source>{0} And {1} more failed.</source>
        <translation>{0} 그 밖에 {1}개가 실패했습니다.</translation>
    </message>
</context>
<context>
    <name>Overwrite</name>
    <message>
        <source>Replace files?</source>
        <translation>파일을 바꿀까요?</translation>
    </message>
    <message>
        <source>&amp;Replace</source>
        <translation>바꾸기(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Keep Both</source>
        <translation>둘 다 유지(&amp;K)</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>취소</translation>
    </message>
    <message>
        <source>A file of this name is already in {0}.</source>
        <translation>같은 이름의 파일이 이미 {0}에 있습니다.</translation>
    </message>
    <message>
        <source>{0} files of these names are already in {1}.</source>
        <translation>같은 이름의 파일 {0}개가 이미 {1}에 있습니다.</translation>
    </message>
    <message>
        <source>and {0} more</source>
        <translation>외 {0}개</translation>
    </message>
</context>
<context>
    <name>PairPanel</name>
    <message>
        <source>Two masks compared</source>
        <translation>두 마스크 비교</translation>
    </message>
    <message>
        <source>Exchange the two</source>
        <translation>둘을 맞바꾸기</translation>
    </message>
    <message>
        <source>Older</source>
        <translation>이전</translation>
    </message>
    <message>
        <source>Left</source>
        <translation>왼쪽</translation>
    </message>
    <message>
        <source>Newer</source>
        <translation>이후</translation>
    </message>
    <message>
        <source>Right</source>
        <translation>오른쪽</translation>
    </message>
    <message>
        <source>These masks are of different classes</source>
        <translation>두 마스크의 클래스가 서로 다릅니다</translation>
    </message>
    <message>
        <source>Segmenting…</source>
        <translation>분할 중…</translation>
    </message>
    <message>
        <source>Choose two masks to compare</source>
        <translation>비교할 마스크 둘을 고르세요</translation>
    </message>
    <message>
        <source>{0} pixels differ ({1} %)</source>
        <translation>{0}픽셀이 다름 ({1} %)</translation>
    </message>
</context>
<context>
    <name>PaletteMenu</name>
    <message>
        <source>change of palette</source>
        <translation>팔레트 바꾸기</translation>
    </message>
    <message>
        <source>Colour of {0}</source>
        <translation>{0}의 색</translation>
    </message>
    <message>
        <source>colour of {0}</source>
        <translation>{0}의 색</translation>
    </message>
    <message>
        <source>Open a palette</source>
        <translation>팔레트 열기</translation>
    </message>
    <message>
        <source>Palettes (*.toml *.json *.gpl)</source>
        <translation>팔레트 (*.toml *.json *.gpl)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>모든 파일 (*)</translation>
    </message>
    <message>
        <source>Wait until the checkpoint is loaded: its classes are not known yet.</source>
        <translation>체크포인트를 불러올 때까지 기다리세요. 아직 클래스를 알 수 없습니다.</translation>
    </message>
    <message>
        <source>palette {0}</source>
        <translation>팔레트 {0}</translation>
    </message>
    <message>
        <source>Save the palette</source>
        <translation>팔레트 저장</translation>
    </message>
    <message>
        <source>Palettes (*.toml)</source>
        <translation>팔레트 (*.toml)</translation>
    </message>
</context>
<context>
    <name>Panel</name>
    <message>
        <source>Segmenting…</source>
        <translation>분할 중…</translation>
    </message>
    <message>
        <source>No mask</source>
        <translation>마스크 없음</translation>
    </message>
</context>
<context>
    <name>ProbeView</name>
    <message>
        <source>Unpin</source>
        <translation>고정 해제</translation>
    </message>
    <message>
        <source>Whose score is split</source>
        <translation>점수를 나눌 변형</translation>
    </message>
    <message>
        <source>Share of each score layer</source>
        <translation>각 점수 층의 몫</translation>
    </message>
    <message>
        <source>Solid: evidence from the photo. Hatched: the layer&apos;s bias.</source>
        <translation>채움: 사진의 증거. 빗금: 층의 편향.</translation>
    </message>
    <message>
        <source>Receptive fields on the photo</source>
        <translation>사진 위의 수용 영역</translation>
    </message>
    <message>
        <source>Effective receptive field</source>
        <translation>실효 수용 영역</translation>
    </message>
    <message>
        <source>Where the photo moves the winner&apos;s score in this layer&apos;s cell: the gradient, its square root as brightness</source>
        <translation>사진의 어디가 이 층 칸의 1위 점수를 움직이는지: 기울기, 밝기는 그 제곱근</translation>
    </message>
    <message>
        <source>No effective field</source>
        <translation>실효 수용 영역 없음</translation>
    </message>
    <message>
        <source>Effective field of {0}</source>
        <translation>{0}의 실효 수용 영역</translation>
    </message>
    <message>
        <source>Channels…</source>
        <translation>채널…</translation>
    </message>
    <message>
        <source>The channels of pool3, pool4 and fc7 behind the pinned pixel</source>
        <translation>고정한 픽셀 뒤의 pool3, pool4, fc7 채널</translation>
    </message>
    <message>
        <source>Split the score of</source>
        <translation>점수를 나눌 변형</translation>
    </message>
    <message>
        <source>Live mask</source>
        <translation>실시간 마스크</translation>
    </message>
    <message>
        <source>Click a pixel to pin it, or draw a rectangle with Shift.</source>
        <translation>픽셀을 클릭해 고정하거나 Shift로 사각형을 그리세요.</translation>
    </message>
    <message>
        <source>Point at a picture: here it is said which class each variant sees there, and why.</source>
        <translation>그림을 가리키면 각 변형이 그곳을 어떤 클래스로 보는지, 왜 그런지 여기에 나옵니다.</translation>
    </message>
    <message>
        <source>Probe</source>
        <translation>탐침</translation>
    </message>
    <message>
        <source>{0} does not add scores of several layers, so there are no shares to tell apart here.</source>
        <translation>{0}은(는) 여러 층의 점수를 더하지 않으므로 여기서 나눌 몫이 없습니다.</translation>
    </message>
    <message>
        <source>Margin of the winner&apos;s probability {0} %, entropy {1} bits of at most {2}.</source>
        <translation>1위 확률의 여유 {0} %, 엔트로피 {1}비트(최대 {2}).</translation>
    </message>
    <message>
        <source>x {0} to {1}, y {2} to {3}</source>
        <translation>x {0}~{1}, y {2}~{3}</translation>
    </message>
    <message>
        <source>{0} decides: of the lead of {1} over {2} ({3}) it carries {4}.</source>
        <translation>{0}이(가) 결정합니다: {1}이(가) {2}을(를) 앞선 {3} 중 {4}을(를) 맡습니다.</translation>
    </message>
</context>
<context>
    <name>RecentMenu</name>
    <message>
        <source>Open &amp;Recent</source>
        <translation>최근 항목 열기(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Clear This List</source>
        <translation>이 목록 비우기(&amp;C)</translation>
    </message>
</context>
<context>
    <name>RunHistory</name>
    <message>
        <source>epoch {0}</source>
        <translation>에폭 {0}</translation>
    </message>
</context>
<context>
    <name>RunPanel</name>
    <message>
        <source>Training run</source>
        <translation>학습</translation>
    </message>
    <message>
        <source>Stop watching</source>
        <translation>그만 지켜보기</translation>
    </message>
    <message>
        <source>Stops watching; photos and checkpoint stay open</source>
        <translation>지켜보기를 멈춥니다. 사진과 체크포인트는 열린 채로 둡니다</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>손실</translation>
    </message>
    <message>
        <source>Images/s</source>
        <translation>장/초</translation>
    </message>
    <message>
        <source>Time left</source>
        <translation>남은 시간</translation>
    </message>
    <message>
        <source>On screen</source>
        <translation>화면</translation>
    </message>
    <message>
        <source>Play the epochs</source>
        <translation>에폭 재생</translation>
    </message>
    <message>
        <source>Plays the masks of this photo through the epochs seen so far</source>
        <translation>지금까지 본 에폭을 따라 이 사진의 마스크를 재생합니다</translation>
    </message>
    <message>
        <source>Epoch on screen</source>
        <translation>화면의 에폭</translation>
    </message>
    <message>
        <source>Masks of this photo after earlier epochs, as far as they were seen here</source>
        <translation>이전 에폭 뒤의 이 사진 마스크, 여기서 본 것까지</translation>
    </message>
    <message>
        <source>epoch {0}</source>
        <translation>에폭 {0}</translation>
    </message>
    <message>
        <source>Once a second epoch was seen here, a slider leads back to the first.</source>
        <translation>두 번째 에폭이 보이면 슬라이더로 앞의 에폭을 다시 볼 수 있습니다.</translation>
    </message>
    <message>
        <source>Checkpoint</source>
        <translation>체크포인트</translation>
    </message>
    <message>
        <source>Newest</source>
        <translation>최신</translation>
    </message>
    <message>
        <source>The checkpoint of the last evaluation</source>
        <translation>마지막 평가의 체크포인트</translation>
    </message>
    <message>
        <source>Best</source>
        <translation>최고</translation>
    </message>
    <message>
        <source>The checkpoint with the highest mean IU so far</source>
        <translation>지금까지 평균 IU가 가장 높은 체크포인트</translation>
    </message>
    <message>
        <source>Hold</source>
        <translation>고정</translation>
    </message>
    <message>
        <source>Leaves newer checkpoints alone, until this is off again (H)</source>
        <translation>끌 때까지 새 체크포인트를 불러오지 않습니다 (H)</translation>
    </message>
    <message>
        <source>Photos</source>
        <translation>사진</translation>
    </message>
    <message>
        <source>How many photos of the judged split are in the film strip, evenly spaced</source>
        <translation>평가 스플릿에서 고르게 골라 필름 스트립에 놓을 사진 수</translation>
    </message>
    <message>
        <source>Open All Stages</source>
        <translation>모든 단계 열기</translation>
    </message>
    <message>
        <source>Opens the best checkpoint of each stage, such as 32s, 16s and 8s, together</source>
        <translation>32s, 16s, 8s 등 각 단계의 최고 체크포인트를 함께 엽니다</translation>
    </message>
    <message>
        <source>Running: epoch {0} of {1}</source>
        <translation>학습 중: 에폭 {0}/{1}</translation>
    </message>
    <message>
        <source>Stopped: epoch {0} of {1}</source>
        <translation>멈춤: 에폭 {0}/{1}</translation>
    </message>
    <message>
        <source>Finished: epoch {0} of {1}</source>
        <translation>끝남: 에폭 {0}/{1}</translation>
    </message>
    <message>
        <source>Failed: epoch {0} of {1}</source>
        <translation>실패: 에폭 {0}/{1}</translation>
    </message>
    <message>
        <source>Recipe: {0}</source>
        <translation>레시피: {0}</translation>
    </message>
    <message>
        <source>Data: {0}</source>
        <translation>데이터: {0}</translation>
    </message>
    <message>
        <source>Started: {0}</source>
        <translation>시작: {0}</translation>
    </message>
    <message>
        <source>{0} h {1} min</source>
        <translation>{0}시간 {1}분</translation>
    </message>
    <message>
        <source>{0} min</source>
        <translation>{0}분</translation>
    </message>
    <message>
        <source>{0} s</source>
        <translation>{0}초</translation>
    </message>
    <message>
        <source>No checkpoint yet: the first one comes with epoch {0}.</source>
        <translation>아직 체크포인트가 없습니다. 첫 체크포인트는 에폭 {0}에 나옵니다.</translation>
    </message>
    <message>
        <source>This run has written no checkpoint.</source>
        <translation>이 학습은 체크포인트를 저장하지 않았습니다.</translation>
    </message>
    <message>
        <source>Another checkpoint was opened in this one&apos;s place; switch Hold off to go on watching.</source>
        <translation>이것 대신 다른 체크포인트를 열었습니다. 계속 지켜보려면 고정을 끄세요.</translation>
    </message>
    <message>
        <source>A newer checkpoint waits until the data set table is measured.</source>
        <translation>데이터 세트 표를 측정할 때까지 새 체크포인트가 기다립니다.</translation>
    </message>
</context>
<context>
    <name>RunPlot</name>
    <message>
        <source>Curves of the run</source>
        <translation>학습 곡선</translation>
    </message>
    <message>
        <source>Output</source>
        <translation>출력</translation>
    </message>
    <message>
        <source>Loss, logarithmic</source>
        <translation>손실, 로그 눈금</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>손실</translation>
    </message>
    <message>
        <source>Mean IU on {0}, %</source>
        <translation>{0} 평균 IU, %</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>학습률</translation>
    </message>
    <message>
        <source>epoch {0}</source>
        <translation>에폭 {0}</translation>
    </message>
    <message>
        <source>{0} best: epoch {1}</source>
        <translation>{0} 최고: 에폭 {1}</translation>
    </message>
    <message>
        <source>The curves begin with the first epoch.</source>
        <translation>곡선은 첫 에폭부터 그립니다.</translation>
    </message>
    <message>
        <source>epoch</source>
        <translation>에폭</translation>
    </message>
</context>
<context>
    <name>RunStatus</name>
    <message>
        <source>{0} of {1}</source>
        <translation>{1}장 중 {0}번째</translation>
    </message>
    <message>
        <source>classes guessed</source>
        <translation>클래스는 추정</translation>
    </message>
    <message>
        <source>{0} ms</source>
        <translation>{0} ms</translation>
    </message>
    <message>
        <source>{0} s</source>
        <translation>{0}초</translation>
    </message>
</context>
<context>
    <name>RunWatch</name>
    <message>
        <source>Watch a training run</source>
        <translation>학습 지켜보기</translation>
    </message>
    <message>
        <source>{0} is no run&apos;s folder: it holds no {1}. Choose what train was given with -o.</source>
        <translation>{0}은(는) 학습 폴더가 아닙니다. {1}이(가) 없습니다. train에 -o로 준 폴더를 고르세요.</translation>
    </message>
    <message>
        <source>The photos of this run are not on this machine; open some of the same kind. {0}</source>
        <translation>이 학습의 사진이 이 컴퓨터에 없습니다. 같은 종류의 사진을 여세요. {0}</translation>
    </message>
    <message>
        <source>Watching {0}.</source>
        <translation>{0}을(를) 지켜봅니다.</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>실행 취소</translation>
    </message>
    <message>
        <source>a newer checkpoint is loaded</source>
        <translation>새 체크포인트를 불러옴</translation>
    </message>
    <message>
        <source>epoch {0} loaded</source>
        <translation>에폭 {0} 불러옴</translation>
    </message>
    <message>
        <source>The newer checkpoint cannot be read yet; the one before stays. {0}</source>
        <translation>새 체크포인트를 아직 읽을 수 없어 이전 것을 계속 씁니다. {0}</translation>
    </message>
</context>
<context>
    <name>ShortcutSheet</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>키보드 단축키</translation>
    </message>
    <message>
        <source>Zoom at the pointer</source>
        <translation>포인터 위치에서 확대</translation>
    </message>
    <message>
        <source>wheel</source>
        <translation>휠</translation>
    </message>
    <message>
        <source>Move the picture</source>
        <translation>그림 옮기기</translation>
    </message>
    <message>
        <source>drag</source>
        <translation>끌기</translation>
    </message>
    <message>
        <source>Fit</source>
        <translation>창에 맞춤</translation>
    </message>
    <message>
        <source>double click</source>
        <translation>두 번 클릭</translation>
    </message>
    <message>
        <source>Move the divider of a swipe</source>
        <translation>밀어 보기의 경계 옮기기</translation>
    </message>
    <message>
        <source>Hide a class, show it alone</source>
        <translation>클래스 숨기기, 그것만 보기</translation>
    </message>
    <message>
        <source>click, Alt+click in the legend</source>
        <translation>범례에서 클릭, Alt+클릭</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>동작</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>키</translation>
    </message>
</context>
<context>
    <name>SingleGraph</name>
    <message>
        <source>photo</source>
        <translation>사진</translation>
    </message>
    <message>
        <source>{0} x {1}, stride {2}</source>
        <translation>{0} x {1}, 스트라이드 {2}</translation>
    </message>
    <message>
        <source>mask</source>
        <translation>마스크</translation>
    </message>
    <message>
        <source>into the decoder</source>
        <translation>디코더로</translation>
    </message>
    <message>
        <source>not added</source>
        <translation>더하지 않음</translation>
    </message>
    <message>
        <source>no skip</source>
        <translation>스킵 없음</translation>
    </message>
    <message>
        <source>backbone</source>
        <translation>백본</translation>
    </message>
    <message>
        <source>resize x{0}</source>
        <translation>크기 조정 x{0}</translation>
    </message>
    <message>
        <source>Output</source>
        <translation>출력</translation>
    </message>
    <message>
        <source>From below</source>
        <translation>아래에서 온 것</translation>
    </message>
    <message>
        <source>What the skip adds</source>
        <translation>스킵이 더하는 것</translation>
    </message>
    <message>
        <source>{0}, energy 0 to {1}</source>
        <translation>{0}, 에너지 0~{1}</translation>
    </message>
    <message>
        <source>One score layer of stride {0}, resized bilinearly to the photo. There are no skips, so there is nothing to fuse.</source>
        <translation>스트라이드 {0}인 점수 층 하나를 이중 선형으로 사진 크기에 맞춥니다. 스킵이 없으므로 융합할 것이 없습니다.</translation>
    </message>
    <message>
        <source>ReLU and normalisation stand between the sums, so that scores have no shares of skips. Nodes show the energy of the features: their root mean square over channels. Each stage has its own scale, from 0 to its strongest energy. The net pads the photo with zeros to {0} x {1} and crops the scores.</source>
        <translation>합 사이에 ReLU와 정규화가 있어 점수를 스킵의 몫으로 나눌 수 없습니다. 노드는 특징의 에너지, 곧 채널에 대한 제곱평균제곱근을 보입니다. 눈금은 단계마다 따로이며, 0에서 그 단계의 가장 강한 에너지까지입니다. 신경망은 사진 둘레를 0으로 채워 {0} x {1} 크기로 만들고, 점수를 다시 잘라 냅니다.</translation>
    </message>
    <message>
        <source>{1}: {0} brings {2} % of the energy</source>
        <translation>{1}: {0}이(가) 에너지의 {2} %를 보탬</translation>
    </message>
</context>
<context>
    <name>StageProgress</name>
    <message>
        <source>Cancel</source>
        <translation>취소</translation>
    </message>
    <message>
        <source>Stop at the next stage (Esc)</source>
        <translation>다음 단계에서 멈춤 (Esc)</translation>
    </message>
    <message>
        <source>Strips: {0} of {1} rows · {2} %</source>
        <translation>띠: {1}행 중 {0}행 · {2}%</translation>
    </message>
    <message>
        <source>{0} done · {1} %</source>
        <translation>{0} 끝남 · {1} %</translation>
    </message>
    <message>
        <source>Stopping…</source>
        <translation>멈추는 중…</translation>
    </message>
</context>
<context>
    <name>StatusLine</name>
    <message>
        <source>Loading {0}…</source>
        <translation>{0} 불러오는 중…</translation>
    </message>
    <message>
        <source>Loading PyTorch…</source>
        <translation>PyTorch 불러오는 중…</translation>
    </message>
    <message>
        <source>Segmenting…</source>
        <translation>분할 중…</translation>
    </message>
    <message>
        <source>Exporting: {0} of {1} photos</source>
        <translation>내보내는 중: 사진 {1}장 중 {0}장</translation>
    </message>
</context>
<context>
    <name>SwipeCanvas</name>
    <message>
        <source>Divider at {0} %</source>
        <translation>경계 {0} %</translation>
    </message>
</context>
<context>
    <name>TippingPage</name>
    <message>
        <source>At this gain of the skip the pixel changes its class; where the bare photo shows, it never does. Bright pixels hang on the skip: a little less of it tips them.</source>
        <translation>스킵의 이득이 이 값일 때 픽셀의 클래스가 바뀝니다. 사진만 보이는 곳은 결코 바뀌지 않습니다. 밝은 픽셀은 스킵에 달려 있어 조금만 줄어도 뒤집힙니다.</translation>
    </message>
    <message>
        <source>No pixel of FCN-{0} changes its class.</source>
        <translation>FCN-{0}의 어떤 픽셀도 클래스가 바뀌지 않습니다.</translation>
    </message>
    <message>
        <source>{0} % of the pixels of FCN-{1} change their class, half of them above a gain of {2}.</source>
        <translation>FCN-{1} 픽셀의 {0} %가 클래스를 바꾸며, 그 절반은 이득 {2} 위에서 바꿉니다.</translation>
    </message>
</context>
<context>
    <name>Tour</name>
    <message>
        <source>FCN-32s decides on a grid of 32 pixels. Things are found, but their borders are blurred.</source>
        <translation>FCN-32s는 32픽셀 격자에서 결정합니다. 사물은 찾지만 경계가 흐립니다.</translation>
    </message>
    <message>
        <source>These are its scores, a map for each class. Each block is one cell: no border can be finer.</source>
        <translation>그 점수를 클래스별 맵으로 나타냅니다. 블록 하나가 한 칸이며, 경계는 이보다 세밀할 수 없습니다.</translation>
    </message>
    <message>
        <source>score_pool4 speaks for every 16 pixels. It is added here, score_pool3 is still left out.</source>
        <translation>score_pool4는 16픽셀마다 말합니다. 여기서는 이것을 더했고 score_pool3은 아직 뺐습니다.</translation>
    </message>
    <message>
        <source>With score_pool3, for every 8 pixels, the sum is FCN-8s. Move a slider and watch the borders.</source>
        <translation>8픽셀마다의 score_pool3까지 더하면 FCN-8s입니다. 슬라이더를 움직이며 경계를 보세요.</translation>
    </message>
    <message>
        <source>The pixels that the skips have changed: they lie along borders and on thin things.</source>
        <translation>스킵이 바꾼 픽셀들: 경계와 가는 사물에 있습니다.</translation>
    </message>
    <message>
        <source>Why? The probe splits the score of the marked pixel: the bars say which layer decided it.</source>
        <translation>왜일까요? 탐침은 표시한 픽셀의 점수를 나눕니다. 막대가 어느 층이 결정했는지 말해 줍니다.</translation>
    </message>
</context>
<context>
    <name>TourBar</name>
    <message>
        <source>Back</source>
        <translation>뒤로</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>다음</translation>
    </message>
    <message>
        <source>End the tour</source>
        <translation>둘러보기 끝내기</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>완료</translation>
    </message>
</context>
<context>
    <name>TransitionTable</name>
    <message>
        <source>Changes of class, most pixels first</source>
        <translation>클래스 변화, 픽셀이 많은 순</translation>
    </message>
    <message>
        <source>From</source>
        <translation>이전</translation>
    </message>
    <message>
        <source>To</source>
        <translation>이후</translation>
    </message>
    <message>
        <source>Pixels</source>
        <translation>픽셀</translation>
    </message>
    <message>
        <source>Share</source>
        <translation>비율</translation>
    </message>
    <message>
        <source>Of all pixels of the photo, in percent</source>
        <translation>사진의 모든 픽셀 중, %</translation>
    </message>
</context>
<context>
    <name>TrimapPage</name>
    <message>
        <source>Net and its grid</source>
        <translation>신경망과 격자</translation>
    </message>
    <message>
        <source>Best possible</source>
        <translation>가능한 최고</translation>
    </message>
    <message>
        <source>Reached</source>
        <translation>도달</translation>
    </message>
    <message>
        <source>Best possible and reached mean IU by stride, in percent</source>
        <translation>스트라이드별 가능한 최고와 도달한 평균 IU(%)</translation>
    </message>
    <message>
        <source>Mean IU of the whole photo, in percent. Best possible: the ground truth itself, with one class for each cell of the grid; it is no strict bound, for nets may draw edges inside a cell.</source>
        <translation>사진 전체의 평균 IU(%). 가능한 최고: 격자 칸마다 한 클래스를 둔 정답 자체. 신경망은 칸 안에도 가장자리를 그릴 수 있으므로 엄밀한 한계는 아닙니다.</translation>
    </message>
    <message>
        <source>Save the plot…</source>
        <translation>그래프 저장…</translation>
    </message>
    <message>
        <source>Writes the plot as SVG or PDF</source>
        <translation>그래프를 SVG나 PDF로 씁니다</translation>
    </message>
    <message>
        <source>FCN-{0}, {1} px</source>
        <translation>FCN-{0}, {1}px</translation>
    </message>
</context>
<context>
    <name>TrimapPlot</name>
    <message>
        <source>Trimap curve</source>
        <translation>트라이맵 곡선</translation>
    </message>
    <message>
        <source>{0}, up to {1} px: mean IU {2} %</source>
        <translation>{0}, {1}px까지: 평균 IU {2} %</translation>
    </message>
    <message>
        <source>the plot could not be drawn</source>
        <translation>그래프를 그릴 수 없습니다</translation>
    </message>
    <message>
        <source>Width of the band around true boundaries, px</source>
        <translation>실제 경계 둘레 띠의 너비, px</translation>
    </message>
    <message>
        <source>Mean IU, %</source>
        <translation>평균 IU, %</translation>
    </message>
</context>
<context>
    <name>UnpoolingChoice</name>
    <message>
        <source>Each score goes back to one pixel: where the features of the pool, summed over channels, are largest. All others have no score and are black. Nets that unpool convolve next, to fill them.</source>
        <translation>점수마다 한 픽셀, 곧 풀링 층의 특징을 채널에 대해 합한 값이 가장 큰 곳으로 되돌립니다. 나머지 픽셀은 점수가 없어 검게 보입니다. 언풀링을 쓰는 신경망은 이어서 합성곱으로 빈 곳을 채웁니다.</translation>
    </message>
    <message>
        <source>Shown with the net&apos;s own kernels. {0}</source>
        <translation>신경망 고유의 커널로 보입니다. {0}</translation>
    </message>
    <message>
        <source>The photo could not be traced with the indices of its pools.</source>
        <translation>풀링 인덱스를 담은 이 사진의 트레이스를 만들지 못했습니다.</translation>
    </message>
    <message>
        <source>Tracing the photo again, with the indices of its pools…</source>
        <translation>풀링 인덱스를 담아 사진을 다시 트레이스하는 중…</translation>
    </message>
    <message>
        <source>This net does not fuse scores, so its upsampling cannot be exchanged.</source>
        <translation>이 신경망은 점수를 융합하지 않으므로 업샘플링을 바꿀 수 없습니다.</translation>
    </message>
    <message>
        <source>The pools of {0} overlap, so their indices cannot be undone.</source>
        <translation>{0}의 풀링은 창이 서로 겹치므로 인덱스로 되돌릴 수 없습니다.</translation>
    </message>
    <message>
        <source>This photo was done in strips, which keep no indices of the pools.</source>
        <translation>이 사진은 띠로 나누어 계산했으므로 풀링 인덱스가 없습니다.</translation>
    </message>
    <message>
        <source>This trace file was saved without the indices of the pools; open the photo itself.</source>
        <translation>이 트레이스 파일은 풀링 인덱스 없이 저장되었습니다. 사진 자체를 여세요.</translation>
    </message>
</context>
<context>
    <name>VerdictsPage</name>
    <message>
        <source>Class</source>
        <translation>클래스</translation>
    </message>
    <message>
        <source>Rescued</source>
        <translation>구함</translation>
    </message>
    <message>
        <source>Harmed</source>
        <translation>해침</translation>
    </message>
    <message>
        <source>Net</source>
        <translation>순이득</translation>
    </message>
    <message>
        <source>Rescued and harmed pixels by class of the ground truth</source>
        <translation>정답 클래스별로 구한 픽셀과 해친 픽셀</translation>
    </message>
    <message>
        <source>Of the ground truth</source>
        <translation>정답의</translation>
    </message>
    <message>
        <source>Rescued less harmed pixels</source>
        <translation>구한 픽셀에서 해친 픽셀을 뺀 수</translation>
    </message>
    <message>
        <source>Net gain of {0} pixels, {1} % of {2} labelled ones.</source>
        <translation>순이득 {0}픽셀, 라벨이 있는 {2}픽셀의 {1} %.</translation>
    </message>
</context>
<context>
    <name>Workspace</name>
    <message>
        <source>Classes</source>
        <translation>클래스</translation>
    </message>
    <message>
        <source>Probe</source>
        <translation>탐침</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>학습</translation>
    </message>
    <message>
        <source>Data set</source>
        <translation>데이터 세트</translation>
    </message>
    <message>
        <source>{0} was removed from the list.</source>
        <translation>{0}을(를) 목록에서 뺐습니다.</translation>
    </message>
    <message>
        <source>{0} photos were removed from the list.</source>
        <translation>사진 {0}장을 목록에서 뺐습니다.</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>실행 취소</translation>
    </message>
    <message>
        <source>What this view shows (I)</source>
        <translation>이 화면이 보이는 것 (I)</translation>
    </message>
    <message>
        <source>Views</source>
        <translation>화면</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>비교</translation>
    </message>
    <message>
        <source>Photo and masks beside each other (F2)</source>
        <translation>사진과 마스크를 나란히 (F2)</translation>
    </message>
    <message>
        <source>Heat maps</source>
        <translation>히트맵</translation>
    </message>
    <message>
        <source>What each node of the net says of each class (F3)</source>
        <translation>신경망의 각 노드가 클래스마다 말하는 것 (F3)</translation>
    </message>
    <message>
        <source>Fusion</source>
        <translation>융합</translation>
    </message>
    <message>
        <source>The skips, drawn and made stronger and weaker (F4)</source>
        <translation>스킵을 그리고 세기를 바꿉니다 (F4)</translation>
    </message>
    <message>
        <source>Changes</source>
        <translation>변화</translation>
    </message>
    <message>
        <source>Where the skips changed the mask, and whether for good (F5)</source>
        <translation>스킵이 마스크를 바꾼 곳과 그 득실 (F5)</translation>
    </message>
</context>
</TS>
